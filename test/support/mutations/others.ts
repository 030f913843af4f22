// Resources that other teams may have, and that concern our Pods, their Service or their ServiceAccount.
import { valueAt } from '../../../tools/analyze/finding.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { type Mutation, toAddition } from './mutation.ts'

type Others = (facts: Facts) => Resource[]
/** Of the resources that the others are added to. */
type Facts = { namespace: string; account: string; service: string; app: string; host: string }

const selected = { 'secure-signing.dev/protected': 'true' }
const groups: Readonly<Record<string, string>> = {
  networking: 'networking.istio.io/v1',
  alpha: 'networking.istio.io/v1alpha3',
  security: 'security.istio.io/v1',
  rbac: 'rbac.authorization.k8s.io/v1',
}
const ofGroup = 'rbac.authorization.k8s.io'

/** Adds one resource at a time to the list. */
export function listOthers(resources: readonly Resource[], isMeshed: boolean): Mutation[] {
  const facts = readFacts(resources)
  const isOfLinkerd = resources.some(({ kind }) => kind === 'Server')
  return [
    ...ofKubernetes(facts),
    ...(isMeshed ? ofIstio(facts) : []),
    ...(isOfLinkerd ? ofLinkerd(facts) : []),
  ].map((resource) => toAddition(resources, resource))
}

function readFacts(resources: readonly Resource[]): Facts {
  const find = (kind: string) => resources.find((each) => each.kind === kind)
  const deployment = find('Deployment')
  const namespace = deployment?.metadata.namespace ?? ''
  const service = find('Service')?.metadata.name ?? ''
  return {
    namespace,
    account: String(valueAt(deployment, ['spec', 'template', 'spec', 'serviceAccountName'])),
    service,
    app: String(valueAt(deployment, ['spec', 'template', 'metadata', 'labels', 'app'])),
    host: `${service}.${namespace}.svc.cluster.local`,
  }
}

const ofIstio: Others = ({ namespace, service, host, app }) => {
  const selector = { matchLabels: selected }
  const named = (name: string, kind: string, group: string, spec: object, where = namespace) =>
    compose(groups[group] ?? group, kind, `added-${name}`, where, { spec })
  const route = [{ destination: { host, port: { number: 8080 } } }]
  const policy = (name: string, spec: object, where?: string) =>
    named(name, 'AuthorizationPolicy', 'security', spec, where)
  const mtls = (name: string, spec: object, where?: string) =>
    named(name, 'PeerAuthentication', 'security', spec, where)
  const virtualService = (name: string, spec: object, where?: string) =>
    named(name, 'VirtualService', 'networking', spec, where)
  const rule = (name: string, spec: object, where?: string) =>
    named(name, 'DestinationRule', 'networking', spec, where)
  const plain = { trafficPolicy: { tls: { mode: 'DISABLE' } } }
  return [
    policy('allow-all', { action: 'ALLOW', rules: [{}], selector }),
    policy('allow-by-app', { rules: [{}], selector: { matchLabels: { app } } }),
    policy('allow-namespace', { rules: [{}] }),
    policy('allow-sign', {
      ...{ selector, rules: [{ to: [{ operation: { paths: ['/sign'] } }] }] },
    }),
    policy('allow-service', {
      ...{ rules: [{}], targetRefs: [{ group: '', kind: 'Service', name: service }] },
    }),
    policy('custom', { action: 'CUSTOM', provider: { name: 'added' }, rules: [{}], selector }),
    policy('audit', { action: 'AUDIT', rules: [{}], selector }),
    policy('deny', { action: 'DENY', rules: [{}], selector }),
    policy('root-allow', { rules: [{}] }, 'istio-system'),
    policy('root-deny', { action: 'DENY', rules: [{}] }, 'istio-system'),
    policy('other-namespace', { rules: [{}] }, 'other'),
    mtls('permissive', { mtls: { mode: 'PERMISSIVE' } }),
    mtls('selected', { selector, mtls: { mode: 'PERMISSIVE' } }),
    mtls('by-app', { selector: { matchLabels: { app } }, mtls: { mode: 'DISABLE' } }),
    mtls('by-port', {
      ...{ selector, mtls: { mode: 'STRICT' }, portLevelMtls: { 8081: { mode: 'PERMISSIVE' } } },
    }),
    mtls('root', { mtls: { mode: 'PERMISSIVE' } }, 'istio-system'),
    mtls('other-namespace', { mtls: { mode: 'DISABLE' } }, 'other'),
    virtualService('route', { hosts: ['*'], gateways: ['public'], http: [{ route }] }),
    virtualService('sign', {
      ...{ hosts: ['signing.example'], gateways: [`${namespace}/public`] },
      http: [
        { rewrite: { uri: '/sign' }, route: [{ destination: { host, port: { number: 8081 } } }] },
      ],
    }),
    virtualService('mesh', {
      ...{ hosts: [host], http: [{ route: [{ destination: { host: 'added.other.svc' } }] }] },
    }),
    virtualService(
      'from-elsewhere',
      {
        ...{ hosts: ['*'], gateways: [`${namespace}/public`], http: [{ route }] },
      },
      'other',
    ),
    virtualService('loopback', {
      ...{
        hosts: ['signer.pod.internal'],
        tcp: [{ route: [{ destination: { host: 'added.other.svc' } }] }],
      },
    }),
    rule('plain', { host, ...plain }),
    rule('plain-from-elsewhere', { host, exportTo: ['*'], ...plain }, 'other'),
    rule('plain-root', { host: '*.local', ...plain }, 'istio-system'),
    rule('loopback', { host: 'signer.pod.internal', ...plain }),
    named('namespace', 'Sidecar', 'networking', { egress: [{ hosts: ['*/*'] }] }),
    named('selected', 'Sidecar', 'networking', {
      ...{ workloadSelector: { labels: selected }, egress: [{ hosts: ['*/*'] }] },
      outboundTrafficPolicy: { mode: 'ALLOW_ANY' },
    }),
    named('by-app', 'Sidecar', 'networking', {
      ...{ workloadSelector: { labels: { app } }, egress: [{ hosts: ['*/*'] }] },
      ingress: [
        {
          defaultEndpoint: 'unix:///run/signer/signer.sock',
          port: { name: 'http', number: 9000, protocol: 'HTTP' },
        },
      ],
    }),
    named('own-host', 'ServiceEntry', 'networking', {
      ...{ hosts: [host], location: 'MESH_EXTERNAL', resolution: 'STATIC' },
      ports: [{ name: 'http', number: 8080, protocol: 'HTTP' }],
      endpoints: [{ address: '192.0.2.7' }],
    }),
    named('selects-ours', 'ServiceEntry', 'networking', {
      ...{ hosts: ['added.example'], location: 'MESH_INTERNAL', resolution: 'STATIC' },
      ports: [{ name: 'http', number: 8081, protocol: 'HTTP' }],
      workloadSelector: { labels: { app } },
    }),
    named('egress', 'ServiceEntry', 'networking', {
      ...{ hosts: ['added.example'], location: 'MESH_EXTERNAL', resolution: 'DNS' },
      ports: [{ name: 'tls', number: 443, protocol: 'TLS' }],
    }),
    named('selected', 'EnvoyFilter', 'alpha', {
      ...{ workloadSelector: { labels: selected }, configPatches: [removesPolicies] },
    }),
    named('namespace', 'EnvoyFilter', 'alpha', { configPatches: [removesPolicies] }),
    named('root', 'EnvoyFilter', 'alpha', { configPatches: [removesPolicies] }, 'istio-system'),
    named('other-namespace', 'EnvoyFilter', 'alpha', { configPatches: [removesPolicies] }, 'other'),
    named('silent', 'Telemetry', 'telemetry.istio.io/v1', { accessLogging: [{ disabled: true }] }),
    named('selected', 'WasmPlugin', 'extensions.istio.io/v1alpha1', {
      ...{ selector, url: 'oci://registry.example/added:1', phase: 'AUTHN' },
    }),
    named('namespace', 'WasmPlugin', 'extensions.istio.io/v1alpha1', {
      url: 'oci://registry.example/added:1',
    }),
    named(
      'root',
      'WasmPlugin',
      'extensions.istio.io/v1alpha1',
      {
        url: 'oci://registry.example/added:1',
      },
      'istio-system',
    ),
    named('namespace', 'ProxyConfig', 'networking.istio.io/v1beta1', {
      environmentVariables: { ADDED: 'true' },
    }),
    named('other-issuer', 'RequestAuthentication', 'security', {
      ...{
        selector,
        jwtRules: [{ issuer: 'https://added.example', jwksUri: 'https://added.example/k' }],
      },
    }),
    named('same-issuer', 'RequestAuthentication', 'security', {
      jwtRules: [{ issuer: 'https://tokens.example', jwksUri: 'https://added.example/k' }],
    }),
    named(
      'root',
      'RequestAuthentication',
      'security',
      {
        jwtRules: [{ issuer: 'https://tokens.example', jwksUri: 'https://added.example/k' }],
      },
      'istio-system',
    ),
    named('joins', 'WorkloadEntry', 'networking', {
      ...{ address: '192.0.2.7', labels: { app }, serviceAccount: 'default' },
    }),
    named('own-host', 'Gateway', 'networking', {
      selector: { istio: 'edge' },
      servers: [{ hosts: ['*'], port: { name: 'http', number: 8080, protocol: 'HTTP' } }],
    }),
    named('on-our-pods', 'Gateway', 'networking', {
      selector: selected,
      servers: [{ hosts: ['*'], port: { name: 'http', number: 8081, protocol: 'HTTP' } }],
    }),
  ]
}

const removesPolicies = {
  applyTo: 'HTTP_FILTER',
  match: {
    context: 'SIDECAR_INBOUND',
    listener: { filterChain: { filter: { subFilter: { name: 'envoy.filters.http.rbac' } } } },
  },
  patch: { operation: 'REMOVE' },
}

const ofKubernetes: Others = ({ namespace, account, service, app }) => {
  const ours = (apiVersion: string, kind: string, name: string, rest: object) =>
    compose(apiVersion, kind, `added-${name}`, namespace, rest)
  const pod = (name: string, spec: object, labels: Record<string, string> = {}) => {
    const found = ours('v1', 'Pod', name, {
      spec: { containers: [{ name: 'added', image: 'registry.example/added:1' }], ...spec },
    })
    return { ...found, metadata: { ...found.metadata, labels } }
  }
  const everyone = [{ kind: 'Group', name: 'system:authenticated', apiGroup: ofGroup }]
  const clusterRole = (name: string) => ({ kind: 'ClusterRole', name, apiGroup: ofGroup })
  const rbac = groups.rbac ?? ''
  const ourAccount = [{ kind: 'ServiceAccount', name: account, namespace }]
  return [
    ours(rbac, 'RoleBinding', 'admins', { subjects: everyone, roleRef: clusterRole('admin') }),
    ours(rbac, 'RoleBinding', 'of-our-account', {
      subjects: ourAccount,
      roleRef: clusterRole('edit'),
    }),
    ours(rbac, 'Role', 'reads-secrets', {
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] }],
    }),
    ours(rbac, 'Role', 'reads-our-key', {
      rules: [
        { apiGroups: [''], resources: ['secrets'], resourceNames: ['hmac-key'], verbs: ['get'] },
      ],
    }),
    ours(rbac, 'Role', 'debugs', {
      rules: [{ apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['patch'] }],
    }),
    ours(rbac, 'Role', 'issues-tokens', {
      rules: [{ apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] }],
    }),
    {
      ...{ apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: { name: 'added-admins' } },
      ...{ subjects: ourAccount, roleRef: clusterRole('cluster-admin') },
    },
    ours('v1', 'Service', 'to-signer', {
      spec: { selector: { app }, ports: [{ name: 'http', port: 8081, targetPort: 8081 }] },
    }),
    ours('v1', 'Service', 'node-port', {
      spec: { type: 'NodePort', selector: { app }, ports: [{ name: 'http', port: 8080 }] },
    }),
    ours('v1', 'Service', 'admin', {
      spec: { selector: selected, ports: [{ name: 'http', port: 15000 }] },
    }),
    pod('with-our-account', { serviceAccountName: account }),
    pod('with-our-label', {}, { app }),
    pod('protected', { serviceAccountName: account }, selected),
    pod('holds-key', {
      volumes: [{ name: 'key', secret: { secretName: 'hmac-key' } }],
      containers: [
        {
          ...{ name: 'added', image: 'registry.example/added:1' },
          volumeMounts: [{ name: 'key', mountPath: '/key' }],
        },
      ],
    }),
    pod('on-the-node', {
      ...{ hostPID: true, hostNetwork: true },
      volumes: [{ name: 'host', hostPath: { path: '/' } }],
    }),
    ours('networking.k8s.io/v1', 'NetworkPolicy', 'allow-all', {
      spec: { podSelector: {}, ingress: [{}], egress: [{}], policyTypes: ['Ingress', 'Egress'] },
    }),
    ours('networking.k8s.io/v1', 'NetworkPolicy', 'deny-all', {
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    }),
    ours('networking.k8s.io/v1', 'Ingress', 'all-paths', {
      spec: { defaultBackend: { service: { name: service, port: { number: 8080 } } } },
    }),
    ours('gateway.networking.k8s.io/v1beta1', 'ReferenceGrant', 'others', {
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'other' }],
        to: [{ group: '', kind: 'Service' }],
      },
    }),
    ours('gateway.networking.k8s.io/v1', 'HTTPRoute', 'all-paths', {
      spec: {
        parentRefs: [{ name: 'shared', namespace: 'infra' }],
        rules: [{ backendRefs: [{ name: service, port: 8080 }] }],
      },
    }),
    ours('v1', 'ConfigMap', 'of-another-team', { data: { added: 'added' } }),
    compose('v1', 'ConfigMap', 'signer-freeze', namespace, { data: { frozen: 'true' } }),
    compose('v1', 'Secret', 'hmac-key', namespace, { data: { 'keys.json': 'YWRkZWQ=' } }),
    ours('v1', 'Secret', 'token', {
      ...{ type: 'kubernetes.io/service-account-token' },
    }),
    ours('v1', 'LimitRange', 'limits', {
      spec: { limits: [{ type: 'Container', max: { memory: '16Mi' } }] },
    }),
    ours('v1', 'ResourceQuota', 'none', { spec: { hard: { pods: '0' } } }),
    {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' },
      metadata: { name: 'added' },
      webhooks: [
        {
          ...{ name: 'added.example.com', sideEffects: 'None', admissionReviewVersions: ['v1'] },
          clientConfig: { url: 'https://added.example' },
          rules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
          ],
        },
      ],
    },
  ]
}

const ofLinkerd: Others = ({ namespace }) => {
  const named = (kind: string, version: string, name: string, spec: object) =>
    compose(`policy.linkerd.io/${version}`, kind, `added-${name}`, namespace, { spec })
  const targetRef = { group: 'policy.linkerd.io', kind: 'Server', name: 'frontend' }
  return [
    named('Server', 'v1beta3', 'open', {
      ...{
        accessPolicy: 'all-unauthenticated',
        port: 8080,
        podSelector: { matchLabels: selected },
      },
    }),
    named('AuthorizationPolicy', 'v1alpha1', 'all', { targetRef, requiredAuthenticationRefs: [] }),
    named('AuthorizationPolicy', 'v1alpha1', 'namespace', {
      ...{ targetRef: { kind: 'Namespace', name: namespace }, requiredAuthenticationRefs: [] },
    }),
    named('MeshTLSAuthentication', 'v1alpha1', 'anyone', { identities: ['*'] }),
    compose('gateway.networking.k8s.io/v1', 'HTTPRoute', 'added-all', namespace, {
      spec: {
        parentRefs: [{ group: 'policy.linkerd.io', kind: 'Server', name: 'frontend' }],
        rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }],
      },
    }),
  ]
}

function compose(
  apiVersion: string,
  kind: string,
  name: string,
  namespace: string,
  rest: object,
): Resource {
  return { apiVersion, kind, metadata: { name, namespace }, ...rest }
}
