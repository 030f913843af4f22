// Attack 25, second half: a container that may have the key by its name, and is not the signer that was released.
import type { AdmissionCase, Attempt, PodChange } from './case.ts'

const signer = 'spec.containers.1'
const command = ['/nodejs/bin/node', '-e', '0']
const exec = { exec: { command } }

const refused = (name: string, attempt: Attempt, saying: string): AdmissionCase => ({
  name: `the signer ${name}`,
  attempt,
  refusedBy: 'signer-runs-as-released',
  saying,
})
const made = (name: string, saying: string, ...changes: PodChange[]) =>
  refused(name, { does: 'make', changes }, saying)
const image = (name: string, change: (released: string) => string): AdmissionCase =>
  refused(name, { does: 'make', image: change }, runsImage)

const runsImage = 'the signer runs an image of'
const ownCommand = "the signer runs its image's own command"
const variables = 'the signer takes only variables named SIGNER_*'
const nothingElse = 'only the signer may run in its container'
const mounts = 'the signer mounts hmac-key read-only at /run/key'
const outside = "the signer's container must not use resources.claims or terminationMessagePath"
const variable = (value: object): PodChange => [`${signer}.env.+`, value]
const mounted = (name: string, mountPath: string): PodChange => [
  `${signer}.volumeMounts.+`,
  { name, mountPath },
]

export const signerCases: readonly AdmissionCase[] = [
  image("runs somebody else's image", () => 'thief.example/signer:1'),
  image('runs an image whose name begins like ours', (repository) => `${repository}-x:1`),
  image('runs an image below ours', (repository) => `${repository}/x:1`),
  image('runs an image of a registry called like ours', (repository) => `${repository}:5000/x:1`),
  image('runs our image of another registry', (repository) => `thief.example/${repository}:1`),
  refused(
    "runs somebody else's image in the Pod that is there",
    { does: 'change an image', container: 'signer', image: 'thief.example/signer:1' },
    runsImage,
  ),
  refused(
    "runs somebody else's image in the Deployment that is there",
    { does: 'change the Deployment', changes: [[`${signer}.image`, 'thief.example/signer:1']] },
    runsImage,
  ),
  made('runs another command', ownCommand, [`${signer}.command`, command]),
  made('has arguments', ownCommand, [`${signer}.args`, ['--inspect']]),
  made('starts in another folder', ownCommand, [`${signer}.workingDir`, '/run/pairing']),
  made('has options for Node', variables, variable({ name: 'NODE_OPTIONS', value: '--import=x' })),
  made('has a library loaded first', variables, variable({ name: 'LD_PRELOAD', value: '/x.so' })),
  refused(
    'has options for Node in the Deployment that is there',
    {
      does: 'change the Deployment',
      changes: [variable({ name: 'NODE_OPTIONS', value: '--import=x' })],
    },
    variables,
  ),
  made(
    'has a variable from a ConfigMap',
    variables,
    variable({ name: 'SIGNER_X', valueFrom: { configMapKeyRef: { name: 'x', key: 'x' } } }),
  ),
  made(
    'has a variable from another Secret',
    variables,
    variable({ name: 'SIGNER_X', valueFrom: { secretKeyRef: { name: 'x', key: 'x' } } }),
  ),
  made('has all variables of a ConfigMap', variables, [
    `${signer}.envFrom`,
    [{ prefix: 'SIGNER_', configMapRef: { name: 'x' } }],
  ]),
  made('runs a command at its start', nothingElse, [`${signer}.lifecycle`, { postStart: exec }]),
  made('runs a command at its end', nothingElse, [`${signer}.lifecycle`, { preStop: exec }]),
  made('is probed by a command: liveness', nothingElse, [`${signer}.livenessProbe`, exec]),
  made('is probed by a command: readiness', nothingElse, [`${signer}.readinessProbe`, exec]),
  made('is probed by a command: startup', nothingElse, [`${signer}.startupProbe`, exec]),
  made(
    'has a ConfigMap over its code',
    mounts,
    ['spec.volumes.+', { name: 'code', configMap: { name: 'code' } }],
    mounted('code', '/app'),
  ),
  made('has a volume of its own over its code', mounts, mounted('pairing', '/app')),
  made('mounts the key writable', mounts, [`${signer}.volumeMounts.1.readOnly`, false]),
  made('mounts one file of the key', mounts, [`${signer}.volumeMounts.1.subPath`, 'key-1']),
  made('mounts of the key what a variable names', mounts, [
    `${signer}.volumeMounts.1.subPathExpr`,
    '$(SIGNER_KEY_DIR)',
  ]),
  made('has one file over its own', mounts, [
    `${signer}.volumeMounts.2`,
    { name: 'pairing', mountPath: '/run/pairing', subPath: 'x' },
  ]),
  made('has an API token', mounts, ['spec.automountServiceAccountToken', true]),
  made(
    'has a block device',
    mounts,
    ['spec.volumes.+', { name: 'disk', persistentVolumeClaim: { claimName: 'disk' } }],
    [`${signer}.volumeDevices`, [{ name: 'disk', devicePath: '/dev/disk' }]],
  ),
  made(
    'has what a resource driver gives it',
    outside,
    ['spec.resourceClaims', [{ name: 'c', resourceClaimName: 'c' }]],
    [`${signer}.resources.claims`, [{ name: 'c' }]],
  ),
  made('has a file of kubelet over its own', outside, [
    `${signer}.terminationMessagePath`,
    '/app/main.mjs',
  ]),
]
