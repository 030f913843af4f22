// Attack 25, first half: somebody with edit rights in the namespace has the key shown to another container than the signer.
import { keySecret } from '../../../tools/kube/names.ts'
import { confined } from '../attack/pods.ts'
import type { AdmissionCase, Attempt, PodChange } from './case.ts'
import { workloadKinds } from './workloads.ts'

const frontend = 'spec.containers.0'
const annotation = (name: string) => `metadata.annotations.sidecar~1istio~1io/${name}`
const mount = { name: 'hmac-key', mountPath: '/run/key', readOnly: true }
const keyVolume = { name: 'hmac-key', secret: { secretName: keySecret } }
const inFrontend: PodChange = [`${frontend}.volumeMounts.+`, mount]
const fromKey = {
  name: 'SIGNER_KEY',
  valueFrom: { secretKeyRef: { name: keySecret, key: 'key-1', optional: true } },
}
const thief = {
  name: 'thief',
  image: 'thief',
  ...confined,
  volumeMounts: [mount],
}

const refused = (name: string, attempt: Attempt, saying: string): AdmissionCase => ({
  name,
  attempt,
  refusedBy: 'key-stays-in-signer',
  saying,
})
const made = (name: string, saying: string, ...changes: PodChange[]) =>
  refused(name, { does: 'make', changes }, saying)
const own = (name: string, saying: string, pod: object) =>
  refused(name, { does: 'make', pod }, saying)

const onlySigner = 'only the container signer may mount the Secret hmac-key'
const noEnvironment = 'the Secret hmac-key must not be in an environment variable'
const byVolume = 'only a volume of type secret may contain the Secret hmac-key'
const called = 'the volume with the key must have the name hmac-key'

export const keyCases: readonly AdmissionCase[] = [
  ...workloadKinds.map((kind) =>
    refused(
      `${kind}: the frontend mounts the key`,
      { does: 'make', kind, changes: [inFrontend] },
      `${onlySigner}, not frontend`,
    ),
  ),
  refused(
    'the Deployment is changed: the frontend mounts the key',
    { does: 'change the Deployment', changes: [inFrontend] },
    `${onlySigner}, not frontend`,
  ),
  own("a Pod of one's own mounts it", `${onlySigner}, not thief`, {
    containers: [thief],
    volumes: [keyVolume],
  }),
  own('an init container mounts it, called signer', `${onlySigner}, not signer`, {
    initContainers: [{ ...thief, name: 'signer' }],
    volumes: [keyVolume],
  }),
  made('a sidecar of our own Pod mounts it', `${onlySigner}, not thief`, [
    'spec.initContainers',
    [{ ...thief, restartPolicy: 'Always' }],
  ]),
  made('the frontend has it in a variable', noEnvironment, [`${frontend}.env.+`, fromKey]),
  own('a container called signer has it in a variable', noEnvironment, {
    containers: [{ ...confined, name: 'signer', image: 'thief', env: [fromKey] }],
  }),
  made('the frontend has all of it as variables', noEnvironment, [
    `${frontend}.envFrom`,
    [{ secretRef: { name: keySecret, optional: true } }],
  ]),
  made('an init container has it in a variable', noEnvironment, [
    'spec.initContainers',
    [{ name: 'thief', image: 'thief', ...confined, env: [fromKey] }],
  ]),
  made('it is among the sources of a projected volume', byVolume, [
    'spec.volumes.3.projected.sources.+',
    { secret: { name: keySecret } },
  ]),
  own('it is the credential of a CSI driver', byVolume, {
    volumes: [
      {
        name: 'v',
        csi: { driver: 'csi.thief.example', nodePublishSecretRef: { name: keySecret } },
      },
    ],
  }),
  refused(
    'it is the credential of an older driver',
    {
      does: 'make',
      kind: 'Deployment',
      pod: {
        volumes: [{ name: 'v', flexVolume: { driver: 'thief/v', secretRef: { name: keySecret } } }],
      },
    },
    byVolume,
  ),
  own('it is the password for a registry', 'must not be an imagePullSecret', {
    imagePullSecrets: [{ name: keySecret }],
  }),
  made('a second volume has it', called, ['spec.volumes.+', { ...keyVolume, name: 'other' }]),
  // In a Pod, injection comes first, and it is the proxy's mount that is refused.
  refused(
    'the proxy is told to mount it',
    {
      does: 'make',
      kind: 'Deployment',
      changes: [
        [
          annotation('userVolumeMount'),
          '{"hmac-key": {"mountPath": "/run/key", "readOnly": true}}',
        ],
      ],
    },
    called,
  ),
  refused(
    'the proxy is told to bring a volume of it',
    {
      does: 'make',
      kind: 'Deployment',
      changes: [[annotation('userVolume'), '{"k": {"secret": {"secretName": "hmac-key"}}}']],
    },
    called,
  ),
]
