// Attack 25 where the keys are in Vault: somebody with edit rights in the namespace has Vault give them to him.

import { confined } from '../attack/pods.ts'
import type { AdmissionCase, Attempt, PodChange } from './case.ts'

const frontend = 'spec.containers.0'
const agent = 'spec.containers.2'
const token = {
  name: 'vault-token',
  projected: { sources: [{ serviceAccountToken: { audience: 'vault', path: 'token' } }] },
}
const tokenMount = { name: 'vault-token', mountPath: '/run/vault', readOnly: true }
const keyMount = { name: 'hmac-key', mountPath: '/run/key' }

const refused = (name: string, attempt: Attempt, saying: string): AdmissionCase => ({
  name,
  attempt,
  refusedBy: 'vault-agent-runs-as-released',
  saying,
})
const made = (name: string, saying: string, ...changes: PodChange[]) =>
  refused(name, { does: 'make', changes }, saying)
const own = (name: string, saying: string, pod: object) =>
  refused(name, { does: 'make', pod }, saying)
const keyed = (name: string, saying: string, ...changes: PodChange[]): AdmissionCase => ({
  ...made(name, saying, ...changes),
  refusedBy: 'key-stays-in-signer',
})

const onlyAgent = 'only the container vault-agent may mount a token for Vault'
const oneCommand = 'vault-agent runs one command'
const mounts = 'vault-agent mounts hmac-key at /run/key'
const whole = 'the volume vault-agent must be the whole ConfigMap'
const outside = 'the container vault-agent must not use resources.claims'

export const vaultCases: readonly AdmissionCase[] = [
  {
    name: 'our Pod, with the agent',
    attempt: { does: 'make' },
    refusedBy: 'nobody',
  },
  made('the frontend mounts the token', `${onlyAgent}, not frontend`, [
    `${frontend}.volumeMounts.+`,
    tokenMount,
  ]),
  own("a Pod of one's own has a token", `${onlyAgent}, not thief`, {
    containers: [{ ...confined, name: 'thief', image: 'thief', volumeMounts: [tokenMount] }],
    volumes: [token],
  }),
  own("a Pod of one's own calls its container vault-agent", 'vault-agent runs registry.example', {
    containers: [{ ...confined, name: 'vault-agent', image: 'thief', volumeMounts: [tokenMount] }],
    volumes: [token],
  }),
  own('an init container is called vault-agent', `${onlyAgent}, not vault-agent`, {
    initContainers: [
      { ...confined, name: 'vault-agent', image: 'thief', volumeMounts: [tokenMount] },
    ],
    volumes: [token],
  }),
  own('the token is in a volume of another name', 'must have the name vault-token', {
    volumes: [{ ...token, name: 'other' }],
  }),
  refused(
    'another image in the Pod that is there',
    { does: 'change an image', container: 'vault-agent', image: 'thief' },
    'vault-agent runs registry.example/team/vault:1, not thief',
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
  made('a configuration that it can write', mounts, [`${agent}.volumeMounts.2.readOnly`, false]),
  made('another ConfigMap', whole, ['spec.volumes.5.configMap.name', 'thief']),
  made('a part of the ConfigMap', whole, [
    'spec.volumes.5.configMap.items',
    [{ key: 'ca.crt', path: 'agent.hcl' }],
  ]),
  made('a file of kubelet over its own', outside, [
    `${agent}.terminationMessagePath`,
    '/etc/vault-agent/agent.hcl',
  ]),
  keyed('the frontend mounts the key', 'not frontend', [`${frontend}.volumeMounts.+`, keyMount]),
  keyed(
    'the key is on disk',
    'the volume hmac-key must be the Secret hmac-key or an emptyDir in memory',
    ['spec.volumes.2.emptyDir', {}],
  ),
  keyed('the key is on a disk that stays', 'only the container signer may mount', [
    'spec.volumes.2',
    { name: 'hmac-key', persistentVolumeClaim: { claimName: 'thief' } },
  ]),
  {
    name: 'exec into vault-agent',
    attempt: { does: 'connect', to: 'exec', container: 'vault-agent' },
    refusedBy: 'no-way-into-signer',
    saying: 'nobody may enter the container signer or vault-agent',
  },
]
