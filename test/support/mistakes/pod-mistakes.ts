// Mistakes that break the rules about the Pod.
import { proxyName } from '../../../tools/analyze/model/pod.ts'
import { keySecret } from '../../../tools/kube/names.ts'
import type { Mistakes } from './mistakes.ts'

const template = 'spec.template.spec'
const containers = `${template}.containers`
const marker = `${template}.volumes.3.projected.sources.0.configMap`
const frontend = `${containers}.0`
const signer = `${containers}.1`
const pod = 'Deployment/secure-signing'
const annotations = 'spec.template.metadata.annotations'
const proxyMounts = `${annotations}.sidecar~1istio~1io/userVolumeMount`
const vaultToken = {
  name: 'vault-token',
  projected: { sources: [{ serviceAccountToken: { audience: 'vault', expirationSeconds: 600 } }] },
}
const keyVolume = { name: 'k', secret: { secretName: keySecret } }
const keyVariable = {
  name: 'KEY',
  valueFrom: { secretKeyRef: { name: keySecret, key: 'key-1' } },
}

export const podMistakes: Mistakes = {
  'key-mount': {
    'the frontend mounting it': [pod, `${frontend}.volumeMounts.+`, mount('hmac-key', '/k')],
    'the signer without it': [pod, `${signer}.volumeMounts.1`, mount('other', '/k')],
    'a second volume of it in the frontend': [
      pod,
      `${frontend}.volumeMounts.0`,
      mount('hmac-key', '/k'),
    ],
    'a token volume that has it too': [
      pod,
      `${template}.volumes.3`,
      { name: 'caller-token', projected: { sources: [{ secret: { name: keySecret } }] } },
      `${frontend}.volumeMounts.0`,
    ],
    'a proxy that mounts it': [pod, `${template}.initContainers`, [proxy('hmac-key')]],
    'an init container that mounts it': [pod, `${template}.initContainers`, [own('hmac-key')]],
    'an ephemeral container that mounts it': [
      pod,
      `${template}.ephemeralContainers`,
      [own('hmac-key')],
      `${template}.ephemeralContainers`,
    ],
  },
  'key-environment': {
    'a variable': [pod, `${signer}.env.+`, keyVariable],
    envFrom: [pod, `${frontend}.envFrom`, [{ secretRef: { name: keySecret } }]],
  },
  'key-elsewhere': {
    'a Job that mounts it': ['+', '', job({ volumes: [keyVolume] })],
    'a Job that has it in its environment': ['+', '', job({ env: [keyVariable] })],
    'a Job with a projection of it': [
      '+',
      '',
      job({ volumes: [{ name: 'k', projected: { sources: [{ secret: { name: keySecret } }] } }] }),
    ],
  },
  'key-in-manifest': {
    'a Secret': ['+', '', { apiVersion: 'v1', kind: 'Secret', metadata: { name: keySecret } }],
  },
  'socket-mount': {
    'the frontend mounting it': [pod, `${frontend}.volumeMounts.+`, mount('signer-socket', '/s')],
    'a sidecar mounting it': [pod, `${containers}.+`, own('signer-socket')],
    'a socket on disk': [pod, `${template}.volumes.0.emptyDir`, {}],
  },
  'proxy-mount': {
    'the list form of the annotation': [
      pod,
      proxyMounts,
      '[{"name":"signer-socket","mountPath":"/run/signer"}]',
    ],
    'a proxy that would mount the key too': [
      pod,
      proxyMounts,
      '{"signer-socket":{"mountPath":"/run/signer"},"hmac-key":{"mountPath":"/run/key"}}',
    ],
    'a proxy that would mount the pairing secret': [
      pod,
      proxyMounts,
      '{"pairing":{"mountPath":"/run/pairing"}}',
    ],
    'a proxy that would mount the caller token': [
      pod,
      proxyMounts,
      '{"signer-socket":{"mountPath":"/run/signer"},"caller-token":{"mountPath":"/t"}}',
    ],
    'a proxy without the socket': [pod, proxyMounts, undefined],
    'a value that is not JSON': [pod, proxyMounts, 'signer-socket'],
    'a volume of its own': [
      pod,
      `${annotations}.sidecar~1istio~1io/userVolume`,
      `{"k":{"secret":{"secretName":"${keySecret}"}}}`,
    ],
  },
  'pairing-mount': {
    'a frontend that can write it': [pod, `${frontend}.volumeMounts.1.readOnly`, false],
    'a signer that cannot': [pod, `${signer}.volumeMounts.2.readOnly`, true],
    'a signer that does not have it': [pod, `${signer}.volumeMounts.2`, mount('other', '/p')],
    'a secret on disk': [pod, `${template}.volumes.1.emptyDir`, {}],
    'a signer without the variable': [pod, `${signer}.env.2`, { name: 'OTHER', value: 'x' }],
    'a frontend without the variable': [pod, `${frontend}.env.3`, { name: 'OTHER', value: 'x' }],
    'a signer with the variable "none"': [pod, `${signer}.env.2.value`, 'none'],
    'a frontend with the variable "none"': [pod, `${frontend}.env.3.value`, 'none'],
    'a proxy that mounts it': [pod, `${template}.initContainers`, [proxy('pairing')]],
    'a sidecar that mounts it': [pod, `${containers}.+`, own('pairing')],
  },
  'caller-token': {
    'the signer mounting it': [pod, `${signer}.volumeMounts.+`, mount('caller-token', '/t')],
    'the frontend without it': [pod, `${frontend}.volumeMounts`, []],
    'a sidecar mounting it': [pod, `${containers}.+`, own('caller-token')],
    'the audience of the API server': [
      pod,
      `${template}.volumes.4.projected.sources.0.serviceAccountToken.audience`,
      undefined,
    ],
    'a second token for the signer': [
      pod,
      `${template}.volumes.+`,
      { name: 't', projected: { sources: [{ serviceAccountToken: { audience: 'signer' } }] } },
    ],
    'three hours': [
      pod,
      `${template}.volumes.4.projected.sources.0.serviceAccountToken.expirationSeconds`,
      10800,
    ],
  },
  'vault-token': {
    'a token without a Vault agent': [pod, `${template}.volumes.+`, vaultToken],
    'the audience of the API server': [
      pod,
      `${template}.volumes.+`,
      { name: 'vault-token', projected: { sources: [{ serviceAccountToken: {} }] } },
    ],
  },
  'api-token': {
    automount: [pod, `${template}.automountServiceAccountToken`, undefined],
  },
  'own-account': {
    'another ServiceAccount': [pod, `${template}.serviceAccountName`, 'default'],
    'a Job that has it too': ['+', '', job({ serviceAccountName: 'secure-signing' })],
  },
  'signer-port': {
    "the signer's port in another container": [pod, `${frontend}.ports.+`, { containerPort: 8081 }],
  },
  'user-ids': {
    'UID 1337': [pod, `${signer}.securityContext.runAsUser`, 1337],
    'GID 1337': [pod, `${signer}.securityContext.runAsGroup`, 1337],
    'GID 1337 of the Pod': [pod, `${template}.securityContext.runAsGroup`, 1337],
    'UID 1337 of the Pod': [pod, `${template}.securityContext.runAsUser`, 1337],
    'fsGroup 1337': [pod, `${template}.securityContext.fsGroup`, 1337],
    'supplementalGroups with 1337': [pod, `${template}.securityContext.supplementalGroups`, [1337]],
    'an fsGroup': [pod, `${template}.securityContext.fsGroup`, 10000],
    'no user': [pod, `${frontend}.securityContext.runAsUser`, undefined],
    root: [pod, `${frontend}.securityContext.runAsUser`, 0],
    'a shared user': [pod, `${signer}.securityContext.runAsUser`, 10001],
    'a shared group': [pod, `${signer}.securityContext.runAsGroup`, 10001],
  },
  'container-rights': {
    'a writable image': [pod, `${signer}.securityContext.readOnlyRootFilesystem`, undefined],
    'privilege escalation': [
      pod,
      `${frontend}.securityContext.allowPrivilegeEscalation`,
      undefined,
    ],
    privileged: [pod, `${frontend}.securityContext.privileged`, true],
    capabilities: [pod, `${signer}.securityContext.capabilities`, undefined],
    'an added capability': [pod, `${signer}.securityContext.capabilities.add`, ['NET_RAW']],
    'root allowed': [pod, `${signer}.securityContext.runAsNonRoot`, undefined],
    'seccomp Unconfined': [pod, `${signer}.securityContext.seccompProfile`, { type: 'Unconfined' }],
  },
  'host-and-processes': {
    'no seccomp': [pod, `${template}.securityContext.seccompProfile`, undefined],
    hostPID: [pod, `${template}.hostPID`, true],
    hostIPC: [pod, `${template}.hostIPC`, true],
    hostNetwork: [pod, `${template}.hostNetwork`, true],
    shareProcessNamespace: [pod, `${template}.shareProcessNamespace`, true],
    hostPath: [pod, `${template}.volumes.0`, { name: 'signer-socket', hostPath: { path: '/' } }],
  },
  'pod-security': {
    baseline: [
      'Namespace/signing',
      'metadata.labels.pod-security~1kubernetes~1io/enforce',
      'baseline',
    ],
    'an old version of it': [
      'Namespace/signing',
      'metadata.labels.pod-security~1kubernetes~1io/enforce-version',
      'v1.22',
    ],
  },
  'pod-as-released': {
    'write access': [pod, `${signer}.volumeMounts.1.readOnly`, false],
    'a subPath': [pod, `${signer}.volumeMounts.1.subPath`, 'key-1'],
    'a containerPort': [pod, `${signer}.ports`, [{ containerPort: 8081 }]],
    'a signer without the marker': [pod, `${signer}.volumeMounts.3`, mount('other', '/f')],
    'a volume with something else': [pod, `${marker}.name`, 'other'],
    'a marker that must exist': [pod, `${marker}.optional`, undefined, `${template}.volumes.3`],
    'a signer without the variable': [pod, `${signer}.env.3`, { name: 'OTHER', value: 'x' }],
    'a signer with the variable "none"': [pod, `${signer}.env.3.value`, 'none'],
    'a variable for Node': [
      pod,
      `${signer}.env.+`,
      { name: 'NODE_OPTIONS', value: '--import=/tmp/x' },
    ],
    'a command': [pod, `${signer}.command`, ['/bin/cat', '/run/key/key-1']],
    'a Secret that may be missing': [pod, `${template}.volumes.2.secret.optional`, true],
    'a token at another place': [
      pod,
      `${template}.volumes.4.projected.sources.0.serviceAccountToken.path`,
      'other',
    ],
    'no memory limit': [pod, `${signer}.resources.limits.memory`, undefined],
    'a host name of its own': [pod, `${template}.hostname`, 'other'],
    'a proxy that may replace the socket': [
      pod,
      proxyMounts,
      '{"signer-socket":{"mountPath":"/run/signer"}}',
    ],
    'a proxy of its own': [pod, `${containers}.+`, { name: 'istio-proxy', image: 'x/y:1' }],
    'headers in the log of the proxy': [
      pod,
      `${annotations}.sidecar~1istio~1io/logLevel`,
      'http:debug',
    ],
  },
  'image-tag': {
    'the placeholder': [pod, `${signer}.image`, 'secure-signing/signer'],
    'no tag': [pod, `${signer}.image`, 'registry.example/team/signer'],
    latest: [pod, `${frontend}.image`, 'registry.example/team/frontend:latest'],
  },
}

function mount(name: string, mountPath: string) {
  return { name, mountPath, readOnly: true }
}

function proxy(volume: string) {
  return { name: proxyName, image: 'auto', volumeMounts: [mount(volume, '/v')] }
}

/** A container that an application adds. */
function own(volume: string) {
  return { ...proxy(volume), name: 'own' }
}

function job({ volumes = [] as unknown[], env = [] as unknown[], serviceAccountName = 'default' }) {
  const own = [{ name: 'job', image: 'registry.example/job:1', env }]
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'job', namespace: 'signing' },
    spec: { template: { spec: { serviceAccountName, containers: own, volumes } } },
  }
}
