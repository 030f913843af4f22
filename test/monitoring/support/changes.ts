// One change of each kind that opens or weakens, with the alert that it has to raise.
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { deploy } from '../../support/cluster/deployment.ts'
import { account } from './prometheus.ts'
import { type Alert, type Labels, listFiring } from './queries.ts'

/** `args`: of kubectl. `undo`: of kubectl too, if `make deploy` does not undo it. */
export type Change = {
  what: string
  alert: string
  labels: Labels
  args: readonly string[]
  input?: object
  undo?: readonly string[]
}

const here = ['-n', namespace]
const root = 'istio-system'
const patch = (kind: string, name: string, body: unknown, place: readonly string[] = here) => [
  ...['patch', kind, name, ...place, '--type=merge', '-p', JSON.stringify(body)],
]
const changed = (customresource_kind: string, policy: string) => ({
  alert: 'SecureSigningPolicyChanged',
  labels: { customresource_kind, policy },
})
const added = (apiVersion: string, kind: string, spec: object, place = namespace): Change => ({
  what: `${kind} ${place}/theirs is added`,
  alert: place === root ? 'SecureSigningMeshWideChanged' : 'SecureSigningPolicyAdded',
  labels: { customresource_kind: kind, policy: 'theirs' },
  args: ['create', '-f', '-'],
  input: { apiVersion, kind, metadata: { name: 'theirs', namespace: place }, spec },
  undo: [
    'delete',
    `${kind}.${apiVersion.replace(/\/.*/, '')}`,
    'theirs',
    '-n',
    place,
    '--ignore-not-found',
  ],
})
const counted = (kind: string) => ({ alert: 'SecureSigningResourceChanged', labels: { kind } })
const nothing = { selector: { matchLabels: { app: 'none' } } }

export const changes: readonly Change[] = [
  {
    what: 'mTLS is PERMISSIVE',
    ...changed('PeerAuthentication', 'signer-require-mtls'),
    args: patch('peerauthentication', 'signer-require-mtls', {
      spec: { mtls: { mode: 'PERMISSIVE' } },
    }),
  },
  {
    what: 'a policy denies nothing',
    ...changed('AuthorizationPolicy', 'signer-deny-others'),
    args: patch('authorizationpolicy', 'signer-deny-others', { spec: { action: 'AUDIT' } }),
  },
  {
    what: 'a label takes a resource out of the mesh',
    ...changed('RequestAuthentication', 'signer-authenticate-caller'),
    args: [
      'label',
      'requestauthentication',
      'signer-authenticate-caller',
      ...here,
      'istio.io/rev=none',
    ],
    undo: [
      'label',
      'requestauthentication',
      'signer-authenticate-caller',
      ...here,
      'istio.io/rev-',
    ],
  },
  {
    what: 'a Sidecar allows every destination',
    ...changed('Sidecar', 'signer'),
    args: patch('sidecars.networking.istio.io', 'signer', {
      spec: { outboundTrafficPolicy: { mode: 'ALLOW_ANY' } },
    }),
  },
  {
    what: 'a DestinationRule loses TLS',
    ...changed('DestinationRule', 'frontend'),
    args: patch('destinationrule', 'frontend', {
      spec: { trafficPolicy: { tls: { mode: 'DISABLE' } } },
    }),
  },
  {
    what: 'a ServiceEntry is for all namespaces',
    ...changed('ServiceEntry', 'signer-in-pod'),
    args: patch('serviceentry', 'signer-in-pod', { spec: { exportTo: ['*'] } }),
  },
  {
    what: 'a Gateway serves another host',
    ...changed('Gateway', 'public'),
    args: patch('gateways.networking.istio.io', 'public', {
      spec: { selector: { istio: 'other' } },
    }),
  },
  {
    what: 'a policy is deleted',
    alert: 'SecureSigningPolicyMissing',
    labels: { policy: 'signer-allow-probe' },
    args: ['delete', 'authorizationpolicy', 'signer-allow-probe', ...here],
  },
  {
    what: 'a VirtualService is deleted',
    alert: 'SecureSigningPolicyDeleted',
    labels: { customresource_kind: 'VirtualService', policy: 'frontend' },
    args: ['delete', 'virtualservice', 'frontend', ...here],
  },
  added('security.istio.io/v1', 'AuthorizationPolicy', nothing),
  added('networking.istio.io/v1alpha3', 'EnvoyFilter', {
    workloadSelector: { labels: { app: 'none' } },
  }),
  added('networking.istio.io/v1', 'VirtualService', {
    hosts: ['none.example'],
    http: [{ route: [{ destination: { host: 'none.example' } }] }],
  }),
  added('telemetry.istio.io/v1', 'Telemetry', nothing),
  added('extensions.istio.io/v1alpha1', 'WasmPlugin', {
    ...nothing,
    url: 'oci://none.example/none',
  }),
  added('telemetry.istio.io/v1', 'Telemetry', nothing, root),
  added('security.istio.io/v1', 'AuthorizationPolicy', nothing, root),
  {
    what: 'the alerts are changed',
    ...changed('PrometheusRule', 'secure-signing'),
    args: ['label', 'prometheusrule', 'secure-signing', ...here, 'other=yes'],
    undo: ['label', 'prometheusrule', 'secure-signing', ...here, 'other-'],
  },
  {
    what: 'an admission binding only audits',
    alert: 'SecureSigningAdmissionPolicyChanged',
    labels: { resource: 'validatingadmissionpolicybindings', verb: 'PATCH' },
    args: patch(
      'validatingadmissionpolicybinding',
      'secure-signing-no-way-into-signer',
      { spec: { validationActions: ['Audit'] } },
      [],
    ),
  },
  {
    what: 'an admission policy ignores failures',
    alert: 'SecureSigningAdmissionPolicyChanged',
    labels: { resource: 'validatingadmissionpolicies', verb: 'PATCH' },
    args: patch(
      'validatingadmissionpolicy',
      'secure-signing-no-way-into-signer',
      { spec: { failurePolicy: 'Ignore' } },
      [],
    ),
  },
  {
    what: 'a Service selects other Pods',
    ...counted('network'),
    args: patch('service', 'frontend', { spec: { selector: { other: 'yes' } } }),
    undo: patch('service', 'frontend', { spec: { selector: { other: null } } }),
  },
  {
    what: 'a label opens the namespace for privileged Pods',
    ...counted('namespaces'),
    args: [
      'label',
      'namespace',
      namespace,
      'pod-security.kubernetes.io/enforce=privileged',
      '--overwrite',
    ],
  },
  {
    what: 'a RoleBinding is added',
    ...counted('access'),
    args: ['create', 'rolebinding', 'theirs', ...here, '--clusterrole=view', '--user=theirs'],
    undo: ['delete', 'rolebinding', 'theirs', ...here, '--ignore-not-found'],
  },
  {
    what: 'a ConfigMap of ours is changed, or somebody tried',
    ...counted('config-maps'),
    args: patch('configmap', 'envoy-admin-allowlist', { data: { more: 'text' } }),
  },
  {
    what: 'the Deployment is changed',
    ...counted('workloads'),
    args: patch('deployment', 'secure-signing', { spec: { minReadySeconds: 1 } }),
    undo: patch('deployment', 'secure-signing', { spec: { minReadySeconds: null } }),
  },
]

/** Returns the change whose alert this is. */
export function findChange({ name, labels }: Alert): Change | undefined {
  return changes.find(
    (each) =>
      each.alert === name &&
      Object.entries(each.labels).every(([key, value]) => labels[key] === value),
  )
}

/** Makes all changes, and returns after how many seconds the alert of each fired. One that did not fire within `limitMs` is missing. */
export async function makeChanges(limitMs: number): Promise<Map<Change, number>> {
  const begun = new Map<Change, number>()
  for (const change of changes) {
    begun.set(change, Date.now())
    const input = change.input === undefined ? {} : { input: JSON.stringify(change.input) }
    // An admission policy refuses some of them, which is counted too.
    await kubectl(change.args, input).catch((error) => {
      if (change.alert !== 'SecureSigningResourceChanged') throw error
    })
  }
  const seconds = new Map<Change, number>()
  const look = async () => {
    for (const alert of await listFiring()) {
      const change = findChange(alert)
      const since = change === undefined ? undefined : begun.get(change)
      if (change === undefined || since === undefined || seconds.has(change)) continue
      seconds.set(change, (Date.now() - since) / 1000)
    }
    return seconds.size === changes.length || undefined
  }
  // The tests say which one is missing.
  await waitFor(look, limitMs, () => 'an alert is missing').catch(() => {})
  return seconds
}

/** Makes everything as it was before. */
export async function undoChanges(): Promise<void> {
  for (const { undo } of changes) if (undo !== undefined) await kubectl(undo)
  await deploy({
    ...{ COMPONENTS: 'monitoring limits', PROMETHEUS: account, FORCE_CONFLICTS: 'yes' },
  })
}
