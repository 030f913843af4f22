// Attempts that depend on who makes them. For an API server on which everyone may do everything, so that admission alone decides.
import { container as application, serviceAccount } from '../../../kube/names.ts'
import { confined } from '../pods.ts'
import type { AdmissionCase, Asker } from './case.ts'
import { injectedProxy } from './injected-proxy.ts'
import { refusalsBy } from './refusals.ts'

const { refused: withProxy } = refusalsBy('no-way-around-proxy')
const { refused: vaultToken } = refusalsBy('vault-token-from-kubelet-alone')
const { refused: readerToken, own } = refusalsBy('operator-alone-is-key-reader')

const keyReader = 'key-reader'
const onlyController = 'only a controller may create a Pod with the key and a proxy'
const onlyKubelet = 'only the container vault-agent may have a token for Vault'
const onlyOperator = 'may request a token of the ServiceAccount key-reader'

export const askerCases: readonly AdmissionCase[] = [
  ...(['a user', 'a ServiceAccount of the namespace'] as const).map((as) =>
    withProxy(`${as} creates a Pod with the key and a proxy`, onlyController, {
      ...{ does: 'make', as, isDryRun: false, changes: injectedProxy },
    }),
  ),
  ...(['the ReplicaSet controller', 'an administrator'] as const).map(
    (as): AdmissionCase => ({
      name: `${as} creates a Pod with the key and a proxy`,
      attempt: { does: 'make', as, isDryRun: false, changes: injectedProxy },
      refusedBy: 'nobody',
    }),
  ),
  {
    name: 'a user creates a Pod with the key and without a proxy',
    attempt: { does: 'make', as: 'a user', isDryRun: false },
    refusedBy: 'nobody',
  },
  ...[['vault'], ['signer', 'vault']].map((audiences) =>
    vaultToken(`a user requests a token for ${audiences.join(' and ')}`, onlyKubelet, {
      ...{ does: 'request a token', as: 'a user', account: serviceAccount, audiences },
    }),
  ),
  requests('a user', serviceAccount, 'signer'),
  requests('kubelet', serviceAccount, 'vault'),
  ...(['a user', 'kubelet', 'a ServiceAccount of the namespace'] as const).map((as) =>
    readerToken(`${as} requests a token of ${keyReader}`, onlyOperator, {
      ...{ does: 'request a token', as, account: keyReader, audiences: ['x'] },
    }),
  ),
  requests('External Secrets', keyReader, 'sts.amazonaws.com'),
  own(`a Pod runs as ${keyReader}`, 'no Pod may run as the ServiceAccount key-reader', {
    ...{ serviceAccountName: keyReader, containers: [{ name: 'thief', image: 'x', ...confined }] },
  }),
]

/** What a namespace without our policies allows. */
export const elsewhereCases: readonly AdmissionCase[] = [
  {
    name: 'a Deployment in another namespace shows a key to its frontend',
    attempt: {
      ...{ does: 'make', kind: 'Deployment', in: 'another namespace' },
      changes: [
        [
          `spec.containers.${application}.volumeMounts.+`,
          { name: 'hmac-key', mountPath: '/k', readOnly: true },
        ],
        ['spec.containers.signer.command', ['x']],
        ['spec.shareProcessNamespace', true],
        ['metadata.annotations.traffic~1sidecar~1istio~1io/excludeInboundPorts', '8080'],
      ],
    },
    refusedBy: 'nobody',
  },
  {
    name: 'a Pod in another namespace is on the network of the node',
    attempt: { does: 'make', in: 'another namespace', pod: { hostNetwork: true } },
    refusedBy: 'nobody',
  },
  ...['envoy-admin-allowlist', 'vault-agent'].map(
    (name): AdmissionCase => ({
      name: `another namespace has a ConfigMap ${name}`,
      attempt: { does: 'write a ConfigMap', in: 'another namespace', name, data: { x: '1' } },
      refusedBy: 'nobody',
    }),
  ),
  {
    name: 'exec into a signer in another namespace',
    attempt: { does: 'connect', to: 'exec', in: 'another namespace', container: 'signer' },
    refusedBy: 'nobody',
  },
  {
    name: 'a user requests a token for Vault in another namespace',
    attempt: {
      ...{ does: 'request a token', as: 'a user', in: 'another namespace' },
      ...{ account: serviceAccount, audiences: ['vault'] },
    },
    refusedBy: 'nobody',
  },
]

function requests(as: Asker, account: string, audience: string): AdmissionCase {
  return {
    name: `${as} requests a token of ${account} for ${audience}`,
    attempt: { does: 'request a token', as, account, audiences: [audience] },
    refusedBy: 'nobody',
  }
}
