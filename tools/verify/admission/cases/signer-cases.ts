// Attack 25, second half: a container with the name of the signer may have the key, but is not the released signer.
import type { ResourceChange } from '../change-resource.ts'
import type { AdmissionCase } from './case.ts'
import { refusalsBy } from './refusals.ts'

const { refused, made } = refusalsBy('signer-runs-as-released')

const signer = 'spec.containers.signer'
const command = ['/nodejs/bin/node', '-e', '0']
const exec = { exec: { command } }

const runsImage = 'the signer runs an image of'
const ownCommand = "the signer runs its image's own command"
const variables = 'the signer takes only variables named SIGNER_*'
const nothingElse = 'only the signer may run in its container'
const mounts = 'the signer mounts hmac-key read-only at /run/key'
const source = 'spec.volumes.signer-freeze.projected.sources.0.configMap'
const marker = 'the signer reads the ConfigMap signer-freeze at /run/freeze'
const outside = "the signer's container must not use resources.claims or terminationMessagePath"

const thiefImage = 'thief.example/signer:1'
const image = (name: string, change: (released: string) => string) =>
  refused(name, runsImage, { does: 'make', image: change })
const variable = (value: object): ResourceChange => [`${signer}.env.+`, value]
const nodeOptions = variable({ name: 'NODE_OPTIONS', value: '--import=x' })
const freezeDir = (value: string) => ({ name: 'SIGNER_FREEZE_DIR', value })
const valueFrom = (from: 'configMapKeyRef' | 'secretKeyRef') =>
  variable({ name: 'SIGNER_X', valueFrom: { [from]: { name: 'x', key: 'x' } } })
const mounted = (name: string, mountPath: string): ResourceChange => [
  `${signer}.volumeMounts.+`,
  { name, mountPath },
]

const cases: readonly AdmissionCase[] = [
  image('runs a foreign image', () => thiefImage),
  image('runs an image whose name begins with ours', (repository) => `${repository}-x:1`),
  image('runs an image below ours', (repository) => `${repository}/x:1`),
  image('runs an image of a registry called like ours', (repository) => `${repository}:5000/x:1`),
  image('runs our image of another registry', (repository) => `thief.example/${repository}:1`),
  refused('runs a foreign image in the existing Pod', runsImage, {
    ...{ does: 'change an image', container: 'signer', image: thiefImage },
  }),
  refused('runs a foreign image in the existing Deployment', runsImage, {
    ...{ does: 'change the Deployment', changes: [[`${signer}.image`, thiefImage]] },
  }),
  made('runs another command', ownCommand, [`${signer}.command`, command]),
  made('has arguments', ownCommand, [`${signer}.args`, ['--inspect']]),
  made('starts in another folder', ownCommand, [`${signer}.workingDir`, '/run/pairing']),
  made('has options for Node', variables, nodeOptions),
  made('preloads a library', variables, variable({ name: 'LD_PRELOAD', value: '/x.so' })),
  refused('has options for Node in the existing Deployment', variables, {
    ...{ does: 'change the Deployment', changes: [nodeOptions] },
  }),
  made('has a variable from a ConfigMap', variables, valueFrom('configMapKeyRef')),
  made('has a variable from another Secret', variables, valueFrom('secretKeyRef')),
  made('has all variables of a ConfigMap', variables, [
    `${signer}.envFrom`,
    [{ prefix: 'SIGNER_', configMapRef: { name: 'x' } }],
  ]),
  made('runs a command at its start', nothingElse, [`${signer}.lifecycle`, { postStart: exec }]),
  made('runs a command at its end', nothingElse, [`${signer}.lifecycle`, { preStop: exec }]),
  ...['liveness', 'readiness', 'startup'].map((probe) =>
    made(`has a command as ${probe} probe`, nothingElse, [`${signer}.${probe}Probe`, exec]),
  ),
  made(
    'has a ConfigMap over its code',
    mounts,
    ['spec.volumes.+', { name: 'code', configMap: { name: 'code' } }],
    mounted('code', '/app'),
  ),
  made('has its own volume over its code', mounts, mounted('pairing', '/app')),
  made('mounts the key writable', mounts, [`${signer}.volumeMounts.hmac-key.readOnly`, false]),
  made('mounts one file of the key', mounts, [`${signer}.volumeMounts.hmac-key.subPath`, 'key-1']),
  made('mounts the path of the key that a variable names', mounts, [
    `${signer}.volumeMounts.hmac-key.subPathExpr`,
    '$(SIGNER_KEY_DIR)',
  ]),
  made('has a file over its own', mounts, [
    `${signer}.volumeMounts.pairing`,
    { name: 'pairing', mountPath: '/run/pairing', subPath: 'x' },
  ]),
  made('mounts the marker of make freeze writable', mounts, [
    `${signer}.volumeMounts.signer-freeze.readOnly`,
    false,
  ]),
  made('mounts one file of the marker', mounts, [
    `${signer}.volumeMounts.signer-freeze.subPath`,
    'x',
  ]),
  made('mounts the marker elsewhere', mounts, [
    `${signer}.volumeMounts.signer-freeze.mountPath`,
    '/run/x',
  ]),
  ...['none', '/run/pairing'].map((folder) =>
    made(`looks for the marker in ${folder}`, marker, variable(freezeDir(folder))),
  ),
  made('has another ConfigMap as marker', marker, [`${source}.name`, 'x']),
  made('has memory as marker', marker, [
    'spec.volumes.signer-freeze',
    { name: 'signer-freeze', emptyDir: { medium: 'Memory' } },
  ]),
  made('has one entry of the marker', marker, [`${source}.items`, [{ key: 'x', path: 'x' }]]),
  made('has the marker on the disk', marker, [
    'spec.volumes.signer-freeze',
    { name: 'signer-freeze', configMap: { name: 'signer-freeze', optional: true } },
  ]),
  made('has something beside the marker', marker, [
    'spec.volumes.signer-freeze.projected.sources.+',
    { configMap: { name: 'x' } },
  ]),
  made('needs the marker to start', marker, [`${source}.optional`, false]),
  made('has an API token', mounts, ['spec.automountServiceAccountToken', true]),
  made(
    'has a block device',
    mounts,
    ['spec.volumes.+', { name: 'disk', persistentVolumeClaim: { claimName: 'disk' } }],
    [`${signer}.volumeDevices`, [{ name: 'disk', devicePath: '/dev/disk' }]],
  ),
  made(
    'has a claim of a resource driver',
    outside,
    ['spec.resourceClaims', [{ name: 'c', resourceClaimName: 'c' }]],
    [`${signer}.resources.claims`, [{ name: 'c' }]],
  ),
  made("has kubelet's message file over its own file", outside, [
    `${signer}.terminationMessagePath`,
    '/app/main.mjs',
  ]),
]
export const signerCases = cases.map((each) => ({ ...each, name: `the signer ${each.name}` }))
