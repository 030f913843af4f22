// What widens the other resources of Kubernetes: rights, networks, Services, labels and texts.
import { type Additions, add, forEachItem, set } from './addition.ts'

const everything = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }
const readsSecrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }
const anywhere = { ipBlock: { cidr: '0.0.0.0/0' } }

export const role: Additions = (resource) => [
  ...[everything, readsSecrets].map((rule) => add(['rules'], rule)),
  ...forEachItem(resource, ['rules'], (rule) => [
    ...['*', 'secrets', 'pods/ephemeralcontainers', 'serviceaccounts/token'].map((each) =>
      add([...rule, 'resources'], each),
    ),
    ...['*', 'create', 'delete', 'escalate'].map((verb) => add([...rule, 'verbs'], verb)),
    add([...rule, 'apiGroups'], '*'),
    add([...rule, 'resourceNames'], 'hmac-key'),
  ]),
]

export const roleBinding: Additions = () => [
  add(['subjects'], {
    kind: 'Group',
    name: 'system:authenticated',
    apiGroup: 'rbac.authorization.k8s.io',
  }),
  set(['roleRef'], { kind: 'ClusterRole', name: 'admin', apiGroup: 'rbac.authorization.k8s.io' }),
]

export const serviceAccount: Additions = () => [
  set(['automountServiceAccountToken'], true),
  add(['secrets'], { name: 'added' }),
  add(['imagePullSecrets'], { name: 'added' }),
  set(['metadata', 'annotations', 'eks.amazonaws.com/role-arn'], 'arn:aws:iam::1:role/added'),
]

export const networkPolicy: Additions = (resource) => [
  ...['ingress', 'egress'].flatMap((direction) => [
    add(['spec', direction], {}),
    ...forEachItem(resource, ['spec', direction], (rule) => [
      add([...rule, direction === 'ingress' ? 'from' : 'to'], { podSelector: {} }),
      add([...rule, direction === 'ingress' ? 'from' : 'to'], { namespaceSelector: {} }),
      add([...rule, direction === 'ingress' ? 'from' : 'to'], anywhere),
      add([...rule, 'ports'], { port: 8081, protocol: 'TCP' }),
      add([...rule, 'ports'], { port: 1, endPort: 65535, protocol: 'TCP' }),
    ]),
  ]),
  set(['spec', 'podSelector', 'matchLabels', 'added'], 'true'),
]

export const service: Additions = () => [
  add(['spec', 'ports'], { name: 'http-signer', port: 8081, targetPort: 8081 }),
  set(['spec', 'selector', 'added'], 'true'),
  set(['spec', 'selector'], {}),
  ...['NodePort', 'LoadBalancer', 'ExternalName'].map((type) => set(['spec', 'type'], type)),
  set(['spec', 'clusterIP'], 'None'),
  set(['spec', 'externalIPs'], ['192.0.2.9']),
  set(['spec', 'externalName'], 'added.example'),
  set(['spec', 'publishNotReadyAddresses'], true),
  set(['metadata', 'annotations', 'networking.istio.io/exportTo'], '~'),
]

export const namespace: Additions = () => [
  ...Object.entries({
    'istio-injection': 'disabled',
    'istio.io/dataplane-mode': 'ambient',
    'istio.io/use-waypoint': 'added',
    'pod-security.kubernetes.io/enforce': 'privileged',
    'pod-security.kubernetes.io/enforce-version': 'v1.20',
    'secure-signing.dev/scrapes': 'true',
    'linkerd.io/is-control-plane': 'true',
  }).map(([name, value]) => set(['metadata', 'labels', name], value)),
  ...Object.entries({
    'linkerd.io/inject': 'disabled',
    'config.linkerd.io/default-inbound-policy': 'all-unauthenticated',
    'config.linkerd.io/skip-inbound-ports': '8080',
    'networking.istio.io/exportTo': '~',
  }).map(([name, value]) => set(['metadata', 'annotations', name], value)),
]

export const configMap: Additions = () => [
  set(['data', 'added'], 'added'),
  set(['binaryData'], { added: 'YWRkZWQ=' }),
]

export const externalSecret: Additions = () => [
  add(['spec', 'data'], { secretKey: 'keys.json', remoteRef: { key: 'added' } }),
  add(['spec', 'dataFrom'], { extract: { key: 'added' } }),
  set(['spec', 'target', 'template'], { type: 'Opaque', data: { 'keys.json': 'added' } }),
  set(['spec', 'target', 'creationPolicy'], 'Orphan'),
  set(['spec', 'secretStoreRef'], { kind: 'ClusterSecretStore', name: 'added' }),
]
