// Attempts that the policies must allow: the counterparts of those that they refuse.
import { container as application } from '../../../kube/names.ts'
import { confined } from '../pods.ts'
import { workloadKinds } from '../workloads.ts'
import type { AdmissionCase, Attempt } from './case.ts'

const allowed = (name: string, attempt: Attempt): AdmissionCase => ({
  name,
  attempt,
  refusedBy: 'nobody',
})
const withVariable = (name: string, value: string): Attempt => ({
  does: 'change the Deployment',
  changes: [['spec.containers.signer.env.+', { name, value }]],
})
const mountsOfVersion01 = [
  { name: 'signer-socket', mountPath: '/run/signer' },
  { name: 'hmac-key', mountPath: '/run/key', readOnly: true },
  { name: 'pairing', mountPath: '/run/pairing' },
]
const inMemory = { name: 'hmac-key', emptyDir: { medium: 'Memory' } }
const digest = `sha256:${'0'.repeat(64)}`
const foreign = {
  ...confined,
  name: 'signer',
  image: 'other.example/signer:1',
  command: ['/x'],
  env: [{ name: 'NODE_OPTIONS', value: '--import=x' }],
}

export const allowedCases: readonly AdmissionCase[] = [
  ...workloadKinds.map((kind) => allowed(`${kind}: our Pod`, { does: 'make', kind })),
  allowed('our image with another tag', { does: 'make', image: (ours) => `${ours}:older` }),
  allowed('our image by digest', { does: 'make', image: (ours) => `${ours}@${digest}` }),
  allowed('our image by tag and digest', { does: 'make', image: (ours) => `${ours}:1@${digest}` }),
  allowed('another limit for the signer', withVariable('SIGNER_MAX_REQUESTS', '64')),
  // During an upgrade, the old ReplicaSet may still create Pods of version 0.1.0.
  allowed('a variable of version 0.1.0', withVariable('SIGNER_LINGER_MS', '12000')),
  allowed('the signer of version 0.1.0, for a rollback', {
    does: 'change the Deployment',
    changes: [
      ['spec.containers.signer.env', [{ name: 'SIGNER_PAIRING_DIR', value: '/run/pairing' }]],
      ['spec.containers.signer.volumeMounts', mountsOfVersion01],
      ['spec.volumes.signer-freeze', { name: 'no-marker', emptyDir: {} }],
    ],
  }),
  allowed('another image for the frontend', {
    does: 'change an image',
    container: application,
    image: 'other.example/frontend:1',
  }),
  allowed('a Pod without the key, with any image, command and name', {
    does: 'make',
    pod: { containers: [foreign] },
  }),
  // The namespace may be shared. Pod Security judges these Pods, if the namespace has its labels.
  ...['shareProcessNamespace', 'hostPID'].map((field) =>
    allowed(`a Deployment without the key, with ${field}`, {
      ...{ does: 'make', kind: 'Deployment', pod: { [field]: true } },
    }),
  ),
  allowed('a Pod with another Secret', {
    does: 'make',
    pod: {
      containers: [
        { ...foreign, envFrom: [{ secretRef: { name: 'other' } }], lifecycle: {} },
        { ...foreign, name: 'b', volumeMounts: [{ name: 's', mountPath: '/s' }] },
      ],
      volumes: [{ name: 's', secret: { secretName: 'other' } }],
    },
  }),
  allowed('a container called vault-agent with a volume in memory', {
    does: 'make',
    pod: {
      containers: [
        { ...foreign, name: 'vault-agent', volumeMounts: [{ name: 'hmac-key', mountPath: '/k' }] },
      ],
      volumes: [inMemory, { name: 'other', emptyDir: {} }],
    },
  }),
  allowed('our Pod with the key in memory', {
    ...{ does: 'make', changes: [['spec.volumes.hmac-key', inMemory]] },
  }),
  allowed('exec into the frontend', { does: 'connect', to: 'exec', container: application }),
  allowed('attach to the frontend', { does: 'connect', to: 'attach', container: application }),
  allowed('attach to the proxy', { does: 'connect', to: 'attach', container: 'istio-proxy' }),
  allowed('an ephemeral container in a Pod without the key', {
    does: 'add an ephemeral container',
    to: 'a Pod without the key',
  }),
]
