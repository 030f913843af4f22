// Attack 25, first half: a user with edit rights in the namespace shows the key to a container other than the signer.
import { container as application, keySecret } from '../../../kube/names.ts'
import type { ResourceChange } from '../change-resource.ts'
import { confined } from '../pods.ts'
import { workloadKinds } from '../workloads.ts'
import type { AdmissionCase } from './case.ts'
import { refusalsBy } from './refusals.ts'

const { refused, made, own } = refusalsBy('key-stays-in-signer')

const frontend = `spec.containers.${application}`
const annotation = (name: string) => `metadata.annotations.sidecar~1istio~1io/${name}`
const mount = { name: 'hmac-key', mountPath: '/run/key', readOnly: true }
const keyVolume = { name: 'hmac-key', secret: { secretName: keySecret } }
const inFrontend: ResourceChange = [`${frontend}.volumeMounts.+`, mount]
const fromKey = {
  name: 'SIGNER_KEY',
  valueFrom: { secretKeyRef: { name: keySecret, key: 'key-1', optional: true } },
}
const container = { name: 'thief', image: 'thief', ...confined }
const thief = { ...container, volumeMounts: [mount] }
const csi = { driver: 'csi.thief.example', nodePublishSecretRef: { name: keySecret } }
/** Drivers of volumes that take a Secret. Pod Security refuses them too, but at the Pod alone. */
const secretRef = { name: keySecret }
const drivers: readonly object[] = [
  { azureFile: { secretName: keySecret, shareName: 'x' } },
  { cephfs: { monitors: ['x'], secretRef } },
  { rbd: { monitors: ['x'], image: 'x', secretRef } },
  {
    iscsi: {
      ...{ targetPortal: '192.0.2.1:3260', iqn: 'iqn.2001-04.com.example:x', lun: 0 },
      ...{ chapAuthSession: true, secretRef },
    },
  },
  { scaleIO: { gateway: 'x', system: 'x', volumeName: 'x', secretRef } },
  { storageos: { volumeName: 'x', secretRef } },
]
const inMemory = { name: 'hmac-key', emptyDir: { medium: 'Memory' } }
const flexVolume = { driver: 'thief/v', secretRef: { name: keySecret } }

const onlySigner = 'only the container signer may mount the Secret hmac-key'
const noEnvironment = 'the Secret hmac-key must not be in an environment variable'
const byVolume = 'only a volume of type secret may contain the Secret hmac-key'
const called = 'the volume with the key must have the name hmac-key'

/** An annotation of a Deployment. Injection changes a Pod first, and then the policy refuses the proxy's mount. */
const annotated = (name: string, key: string, value: string) =>
  refused(name, called, { does: 'make', kind: 'Deployment', changes: [[annotation(key), value]] })

export const keyCases: readonly AdmissionCase[] = [
  ...workloadKinds.map((kind) =>
    refused(`${kind}: the frontend mounts the key`, `${onlySigner}, not ${application}`, {
      ...{ does: 'make', kind, changes: [inFrontend] },
    }),
  ),
  refused(
    'a changed Deployment: the frontend mounts the key',
    `${onlySigner}, not ${application}`,
    {
      ...{ does: 'change the Deployment', changes: [inFrontend] },
    },
  ),
  own('another Pod mounts the key', `${onlySigner}, not thief`, {
    ...{ containers: [thief], volumes: [keyVolume] },
  }),
  own('an init container called signer mounts the key', `${onlySigner}, not signer`, {
    ...{ initContainers: [{ ...thief, name: 'signer' }], volumes: [keyVolume] },
  }),
  made('a sidecar of the signing Pod mounts the key', `${onlySigner}, not thief`, [
    'spec.initContainers',
    [{ ...thief, restartPolicy: 'Always' }],
  ]),
  made('the frontend has the key in a variable', noEnvironment, [`${frontend}.env.+`, fromKey]),
  own('a container called signer has the key in a variable', noEnvironment, {
    containers: [{ ...container, name: 'signer', env: [fromKey] }],
  }),
  made('the frontend has the whole Secret as variables', noEnvironment, [
    `${frontend}.envFrom`,
    [{ secretRef: { name: keySecret, optional: true } }],
  ]),
  made('an init container has the key in a variable', noEnvironment, [
    'spec.initContainers',
    [{ ...container, env: [fromKey] }],
  ]),
  made('a projected volume has the key as a source', byVolume, [
    'spec.volumes.caller-token.projected.sources.+',
    { secret: { name: keySecret } },
  ]),
  own('a CSI driver has the key as its credential', byVolume, { volumes: [{ name: 'v', csi }] }),
  refused('an older volume driver has the key as its credential', byVolume, {
    ...{ does: 'make', kind: 'Deployment', pod: { volumes: [{ name: 'v', flexVolume }] } },
  }),
  ...drivers.map((driver) =>
    refused(`a volume ${Object.keys(driver)[0]} has the key as its credential`, byVolume, {
      ...{ does: 'make', kind: 'Deployment', pod: { volumes: [{ name: 'v', ...driver }] } },
    }),
  ),
  ...[{ env: [fromKey] }, { envFrom: [{ secretRef }] }].map((more) =>
    refused(`an ephemeral container has the key by ${Object.keys(more)[0]}`, noEnvironment, {
      ...{ does: 'add an ephemeral container', to: 'a Pod without the key', more },
    }),
  ),
  own('a container mounts what an agent has put into memory', `${onlySigner}, not thief`, {
    ...{ containers: [thief], volumes: [inMemory] },
  }),
  own('vault-agent mounts the Secret', `${onlySigner}, not vault-agent`, {
    containers: [{ ...thief, name: 'vault-agent' }],
    volumes: [keyVolume, { name: 'other', emptyDir: {} }],
  }),
  own('an init container called vault-agent mounts it', `${onlySigner}, not vault-agent`, {
    ...{ initContainers: [{ ...thief, name: 'vault-agent' }], volumes: [inMemory] },
  }),
  own('the key is the password for a registry', 'must not be an imagePullSecret', {
    imagePullSecrets: [{ name: keySecret }],
  }),
  own(
    'a volume on the disk has the name of the key',
    'must be the Secret hmac-key or an emptyDir',
    {
      ...{ containers: [container], volumes: [{ name: 'hmac-key', emptyDir: {} }] },
    },
  ),
  made('a second volume has the key', called, ['spec.volumes.+', { ...keyVolume, name: 'other' }]),
  annotated(
    'an annotation makes the proxy mount the key',
    'userVolumeMount',
    '{"hmac-key": {"mountPath": "/run/key", "readOnly": true}}',
  ),
  annotated(
    'an annotation makes the proxy add a volume with the key',
    'userVolume',
    '{"k": {"secret": {"secretName": "hmac-key"}}}',
  ),
]
