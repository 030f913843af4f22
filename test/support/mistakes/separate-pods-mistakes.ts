// Mistakes that only separate Pods allow, or that have another path there, and the rule that finds each.
import type { Change } from './mistakes.ts'

const template = 'spec.template.spec'
const container = `${template}.containers.0`
const principals = 'spec.rules.0.from.0.source.principals'
const annotations = 'spec.template.metadata.annotations'
const mount = (name: string) => ({ name, mountPath: '/x', readOnly: true })
const token = { serviceAccountToken: { audience: 'signer', expirationSeconds: 600 } }
const job = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'job', namespace: 'signing' },
  spec: { template: { spec: { serviceAccountName: 'frontend', containers: [] } } },
}

export const separatePodsMistakes: readonly [rule: string, mistake: string, change: Change][] = [
  [
    'key-elsewhere',
    "the key in the frontend's Pod",
    [
      'Deployment/frontend',
      `${template}.volumes.+`,
      { name: 'hmac-key', secret: { secretName: 'hmac-key' } },
    ],
  ],
  [
    'key-environment',
    "the key in the frontend's environment",
    ['Deployment/frontend', `${container}.envFrom`, [{ secretRef: { name: 'hmac-key' } }]],
  ],
  [
    'caller-token',
    "a caller token in the signer's Pod",
    ['Deployment/signer', `${template}.volumes.+`, { name: 't', projected: { sources: [token] } }],
  ],
  [
    'caller-token',
    'a frontend without its token',
    ['Deployment/frontend', `${container}.volumeMounts`, []],
  ],
  [
    'pairing-mount',
    'a frontend without the variable',
    ['Deployment/frontend', `${container}.env.1`, { name: 'OTHER', value: 'x' }],
  ],
  [
    'pairing-mount',
    'a signer with pairing',
    ['Deployment/signer', `${container}.env.0.value`, '/run/pairing'],
  ],
  [
    'pairing-mount',
    'a signer that serves another caller',
    ['Deployment/signer', `${container}.env.1.value`, 'spiffe://mesh.example/ns/signing/sa/signer'],
  ],
  [
    'pairing-mount',
    'a signer without the variable',
    ['Deployment/signer', `${container}.env.1`, { name: 'OTHER', value: 'x' }],
  ],
  [
    'pairing-mount',
    'a volume for a pairing secret',
    ['Deployment/signer', `${template}.volumes.+`, { name: 'pairing', emptyDir: {} }],
  ],
  [
    'proxy-mount',
    "a frontend's proxy that mounts something",
    [
      'Deployment/frontend',
      `${annotations}.sidecar~1istio~1io/userVolumeMount`,
      '{"caller-token":{"mountPath":"/t"}}',
    ],
  ],
  [
    'socket-mount',
    'no socket',
    ['Deployment/signer', `${container}.volumeMounts.0`, mount('other')],
  ],
  ['user-ids', 'root', ['Deployment/frontend', `${container}.securityContext.runAsUser`, 0]],
  ['host-and-processes', 'hostPID', ['Deployment/frontend', `${template}.hostPID`, true]],
  ['image-tag', 'no tag', ['Deployment/frontend', `${container}.image`, 'registry.example/x']],
  [
    'container-rights',
    'privileged',
    ['Deployment/frontend', `${container}.securityContext.privileged`, true],
  ],
  [
    'api-token',
    'automount',
    ['Deployment/frontend', `${template}.automountServiceAccountToken`, undefined],
  ],
  [
    'as-released',
    'automount by the ServiceAccount',
    ['ServiceAccount/signer', 'automountServiceAccountToken', undefined],
  ],
  [
    'own-account',
    'one ServiceAccount for both',
    ['Deployment/signer', `${template}.serviceAccountName`, 'frontend'],
  ],
  ['own-account', "a Job with the frontend's ServiceAccount", ['+', '', job]],
  [
    'capture',
    'a port around the proxy',
    [
      'Deployment/frontend',
      `${annotations}.traffic~1sidecar~1istio~1io/excludeOutboundPorts`,
      '80',
    ],
  ],
  [
    'admin-port',
    'an open admin port',
    ['Deployment/frontend', `${annotations}.sidecar~1istio~1io/bootstrapOverride`, undefined],
  ],
  ['as-released', "no Sidecar for the frontend's Pod", ['Sidecar/frontend', '', undefined]],
  [
    'as-released',
    'a signer on TCP',
    ['Sidecar/signer', 'spec.ingress.0.defaultEndpoint', '127.0.0.1:8082'],
  ],
  [
    'as-released',
    'any Service of the namespace',
    ['Sidecar/frontend', 'spec.egress.0.port', undefined],
  ],
  [
    'as-released',
    "a signer's Pod that may call Services",
    ['Sidecar/signer', 'spec.egress.1.hosts', ['./*']],
  ],
  [
    'addresses',
    'a call to its own Pod',
    ['Deployment/frontend', `${container}.env.0.value`, 'http://localhost:8081/sign'],
  ],
  ['signer-service', 'another port', ['Service/signer', 'spec.ports.0.port', 8081]],
  ['signer-service', 'a Service that leads to both Pods', ['Service/signer', 'spec.selector', {}]],
  [
    'as-released',
    'a policy for the wrong Pod',
    ['AuthorizationPolicy/signer-allow-caller', 'spec.selector.matchLabels.app', 'frontend'],
  ],
  [
    'as-released',
    'the signer as caller',
    [
      'AuthorizationPolicy/signer-allow-caller',
      `${principals}.+`,
      'mesh.example/ns/signing/sa/signer',
    ],
  ],
  [
    'as-released',
    'a frontend that reads the metrics',
    [
      'AuthorizationPolicy/signer-allow-metrics',
      `${principals}.0`,
      'mesh.example/ns/signing/sa/frontend',
    ],
  ],
  [
    'public-route',
    'a public route to the signer',
    ['VirtualService/frontend', 'spec.http.0.route.0.destination', { host: 'signer' }],
  ],
]
