// What the policies must let through: allowed counterparts of what they refuse.
import { confined } from '../attack/pods.ts'
import type { AdmissionCase, Attempt } from './case.ts'
import { workloadKinds } from './workloads.ts'

const signer = 'spec.containers.1'
const allowed = (name: string, attempt: Attempt): AdmissionCase => ({
  name,
  attempt,
  refusedBy: 'nobody',
})
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
  allowed('a rollback to another tag', { does: 'make', image: (ours) => `${ours}:older` }),
  allowed('our image by its digest', { does: 'make', image: (ours) => `${ours}@${digest}` }),
  allowed('by tag and digest', { does: 'make', image: (ours) => `${ours}:1@${digest}` }),
  allowed('another limit for the signer', {
    does: 'change the Deployment',
    changes: [[`${signer}.env.+`, { name: 'SIGNER_MAX_REQUESTS', value: '64' }]],
  }),
  // During an upgrade the old ReplicaSet may still create Pods of version 0.1.0.
  allowed('a variable of version 0.1.0', {
    does: 'change the Deployment',
    changes: [[`${signer}.env.+`, { name: 'SIGNER_LINGER_MS', value: '12000' }]],
  }),
  allowed('another image for the frontend', {
    does: 'change an image',
    container: 'frontend',
    image: 'other.example/frontend:1',
  }),
  allowed('a Pod without the key runs what it likes, whatever it is called', {
    does: 'make',
    pod: { containers: [foreign] },
  }),
  allowed('a Pod has another Secret', {
    does: 'make',
    pod: {
      containers: [
        { ...foreign, envFrom: [{ secretRef: { name: 'other' } }], lifecycle: {} },
        { ...foreign, name: 'b', volumeMounts: [{ name: 's', mountPath: '/s' }] },
      ],
      volumes: [{ name: 's', secret: { secretName: 'other' } }],
    },
  }),
  allowed('exec into the frontend', { does: 'connect', to: 'exec', container: 'frontend' }),
  allowed('attach to the frontend', { does: 'connect', to: 'attach', container: 'frontend' }),
  allowed('attach to the proxy', { does: 'connect', to: 'attach', container: 'istio-proxy' }),
  allowed('an ephemeral container in a Pod without the key', {
    does: 'add an ephemeral container',
    to: 'a Pod without the key',
  }),
]
