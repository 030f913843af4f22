// What widens a resource when it is added: a condition, a rule, a path, a mount, a capability and the like.
import type { Path } from '../../../tools/analyze/finding.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Change } from './mutation.ts'

type Addition = readonly [path: Path, value: unknown]

/** Added to a list. Everything else is set. */
const lists: Readonly<Record<string, readonly Addition[]>> = {
  ValidatingAdmissionPolicy: [
    [['spec', 'matchConditions'], { name: 'added', expression: 'false' }],
    [['spec', 'variables'], { name: 'added', expression: 'true' }],
    [['spec', 'matchConstraints', 'excludeResourceRules'], anyResource()],
  ],
  ValidatingAdmissionPolicyBinding: [
    [['spec', 'matchResources', 'excludeResourceRules'], anyResource()],
    [['spec', 'matchResources', 'namespaceSelector', 'matchExpressions'], labelled('added')],
  ],
  AuthorizationPolicy: [[['spec', 'rules'], {}]],
  Deployment: [
    [inPod('volumes'), { name: 'added', hostPath: { path: '/' } }],
    [inPod('containers'), { name: 'added', image: 'registry.example/added' }],
    [inPod('containers', 0, 'volumeMounts'), { name: 'hmac-key', mountPath: '/added' }],
    [inPod('containers', 0, 'securityContext', 'capabilities', 'add'), 'SYS_PTRACE'],
  ],
}

const fields: Readonly<Record<string, readonly Addition[]>> = {
  ValidatingAdmissionPolicy: [
    [['spec', 'failurePolicy'], 'Ignore'],
    [['spec', 'paramKind'], { apiVersion: 'v1', kind: 'ConfigMap' }],
    [['spec', 'matchConstraints', 'matchPolicy'], 'Exact'],
    [['spec', 'matchConstraints', 'objectSelector'], { matchLabels: { added: 'true' } }],
    [['spec', 'matchConstraints', 'namespaceSelector'], { matchLabels: { added: 'true' } }],
    [['spec', 'matchConstraints', 'resourceRules', 0, 'resourceNames'], ['added']],
    [['spec', 'matchConstraints', 'resourceRules', 0, 'scope'], 'Cluster'],
  ],
  ValidatingAdmissionPolicyBinding: [
    [['spec', 'paramRef'], { name: 'added', parameterNotFoundAction: 'Allow' }],
    [['spec', 'matchResources', 'matchPolicy'], 'Exact'],
    [['spec', 'matchResources', 'objectSelector'], { matchLabels: { added: 'true' } }],
    [['spec', 'matchResources', 'namespaceSelector', 'matchLabels', 'added'], 'true'],
    [['spec', 'matchResources', 'resourceRules'], [anyResource()]],
  ],
  ConfigMap: [
    [['data', 'added'], 'added'],
    [['binaryData'], { added: 'YWRkZWQ=' }],
  ],
  Deployment: [
    ...['hostNetwork', 'hostPID', 'shareProcessNamespace'].map(
      (name): Addition => [inPod(name), true],
    ),
    [
      ['spec', 'template', 'metadata', 'annotations', 'sidecar.istio.io/componentLogLevel'],
      'rbac:debug',
    ],
    [
      [
        'spec',
        'template',
        'metadata',
        'annotations',
        'traffic.sidecar.istio.io/excludeInboundPorts',
      ],
      '8080',
    ],
  ],
}

/** Added to every resource. */
const metadata: readonly Addition[] = [
  [['metadata', 'annotations', 'argocd.argoproj.io/hook'], 'Skip'],
  [['metadata', 'annotations', 'kustomize.toolkit.fluxcd.io/reconcile'], 'disabled'],
  [
    ['metadata', 'ownerReferences'],
    [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'added', uid: 'added' }],
  ],
]

export function listAdditions({ kind }: Resource): Change[] {
  return [
    ...(lists[kind] ?? []).map(([path, to]) => ({
      path,
      to,
      what: `+ ${text(to)}`,
      isAdded: true,
    })),
    ...[...metadata, ...(fields[kind] ?? [])].map(([path, to]) => ({
      path,
      to,
      what: `set to ${text(to)}`,
    })),
  ]
}

function text(value: unknown): string {
  return JSON.stringify(value)
}

function inPod(...rest: Path): Path {
  return ['spec', 'template', 'spec', ...rest]
}

function anyResource() {
  return { apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*'] }
}

function labelled(key: string) {
  return { key, operator: 'Exists' }
}
