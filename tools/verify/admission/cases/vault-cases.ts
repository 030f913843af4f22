// Attack 25 with the keys in Vault: a user with edit rights in the namespace tries to get them from Vault.
import { container as application } from '../../../kube/names.ts'
import { confined } from '../pods.ts'
import type { AdmissionCase } from './case.ts'
import { refusalsBy } from './refusals.ts'

const { refused, made, own } = refusalsBy('vault-agent-runs-as-released')
const { refused: asReleased } = refusalsBy('vault-agent-config-as-released')
const { made: keyed } = refusalsBy('key-stays-in-signer')

const frontend = `spec.containers.${application}`
const agent = 'spec.containers.vault-agent'
const token = {
  name: 'vault-token',
  projected: { sources: [{ serviceAccountToken: { audience: 'vault', path: 'token' } }] },
}
const tokenMount = { name: 'vault-token', mountPath: '/run/vault', readOnly: true }
const keyMount = { name: 'hmac-key', mountPath: '/run/key' }
const withToken = (name: string) => [
  { ...confined, name, image: 'thief', volumeMounts: [tokenMount] },
]

const onlyAgent = 'only the container vault-agent may mount a token for Vault'
const oneCommand = 'vault-agent runs one command'
const mounts = 'vault-agent mounts hmac-key at /run/key'
const whole = 'the volume vault-agent must be the whole ConfigMap'
const outside = 'the container vault-agent must not use resources.claims'

export const vaultCases: readonly AdmissionCase[] = [
  { name: 'our Pod, with the agent', attempt: { does: 'make' }, refusedBy: 'nobody' },
  made('the frontend mounts the token', `${onlyAgent}, not ${application}`, [
    `${frontend}.volumeMounts.+`,
    tokenMount,
  ]),
  own('another Pod has a token', `${onlyAgent}, not thief`, {
    ...{ containers: withToken('thief'), volumes: [token] },
  }),
  own('another Pod has a container called vault-agent', 'vault-agent runs registry.example', {
    ...{ containers: withToken('vault-agent'), volumes: [token] },
  }),
  own('an init container is called vault-agent', `${onlyAgent}, not vault-agent`, {
    ...{ initContainers: withToken('vault-agent'), volumes: [token] },
  }),
  own('the token is in a volume of another name', 'must have the name vault-token', {
    volumes: [{ ...token, name: 'other' }],
  }),
  refused(
    'another image in the existing Pod',
    'vault-agent runs registry.example/team/vault:1, not thief',
    { does: 'change an image', container: 'vault-agent', image: 'thief' },
  ),
  made('another command', oneCommand, [`${agent}.command`, ['/bin/sh']]),
  made('another configuration', oneCommand, [`${agent}.args`, ['agent', '-config=/run/key/x']]),
  made('another address', oneCommand, [
    `${agent}.env`,
    [{ name: 'VAULT_ADDR', value: 'https://thief.example' }],
  ]),
  made('a command at its start', oneCommand, [
    `${agent}.lifecycle`,
    { postStart: { exec: { command: ['/x'] } } },
  ]),
  made('a volume over its own files', mounts, [
    `${agent}.volumeMounts.+`,
    { name: 'vault-agent', mountPath: '/bin', readOnly: true },
  ]),
  made('a writable configuration', mounts, [`${agent}.volumeMounts.vault-agent.readOnly`, false]),
  made('another ConfigMap', whole, ['spec.volumes.vault-agent.configMap.name', 'thief']),
  made('a part of the ConfigMap', whole, [
    'spec.volumes.vault-agent.configMap.items',
    [{ key: 'ca.crt', path: 'agent.hcl' }],
  ]),
  made("kubelet's message file over its own file", outside, [
    `${agent}.terminationMessagePath`,
    '/etc/vault-agent/agent.hcl',
  ]),
  keyed('the frontend mounts the key', `not ${application}`, [
    `${frontend}.volumeMounts.+`,
    keyMount,
  ]),
  keyed(
    'the key is on disk',
    'the volume hmac-key must be the Secret hmac-key or an emptyDir in memory',
    ['spec.volumes.hmac-key.emptyDir', {}],
  ),
  keyed('the key is on a persistent disk', 'only the container signer may mount', [
    'spec.volumes.hmac-key',
    { name: 'hmac-key', persistentVolumeClaim: { claimName: 'thief' } },
  ]),
  ...['agent~1hcl', 'keys~1json~1ctmpl', 'ca~1crt', 'more'].map((entry) =>
    asReleased(
      `another ${entry.replaceAll('~1', '.')} in the ConfigMap`,
      'must equal the released',
      {
        ...{
          does: 'change a ConfigMap',
          name: 'vault-agent',
          changes: [[`data.${entry}`, 'thief']],
        },
      },
    ),
  ),
  asReleased('binary data in the ConfigMap', 'must equal the released', {
    ...{ does: 'change a ConfigMap', name: 'vault-agent' },
    changes: [['binaryData', { more: 'eA==' }]],
  }),
  {
    name: 'the released ConfigMap',
    attempt: { does: 'change a ConfigMap', name: 'vault-agent' },
    refusedBy: 'nobody',
  },
]
