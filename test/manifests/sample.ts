// The resources as `make deploy` would render them for a cluster that differs from Istio's defaults in everything, so
// that a value that is not filled in shows.
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type ClusterFacts, composeClusterFacts } from '../../deploy/cluster-facts.ts'
import { type Rendering, renderResources } from '../../deploy/render.ts'
import type { VaultFacts } from '../../deploy/vault-facts.ts'

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const tokenKey = { ...publicKey.export({ format: 'jwk' }), kid: 'sample', use: 'sig', alg: 'RS256' }

export const sampleFacts: ClusterFacts = composeClusterFacts({
  trustDomain: 'mesh.example',
  gateway: {
    selector: 'edge',
    namespace: 'edge-system',
    serviceAccount: 'edge-gateway',
    podLabels: { istio: 'edge' },
  },
  injector: { label: 'canary', revision: '1-31', namespace: 'istio-system' },
  tokens: { issuer: 'https://tokens.example', keys: JSON.stringify({ keys: [tokenKey] }) },
})

export const sampleVaultFacts: VaultFacts = {
  address: 'https://keys.example:8443',
  host: 'keys.example',
  port: '8443',
  namespace: 'team',
  authPath: 'auth/cluster-7',
  role: 'signer-of-7',
  metadataPath: 'secrets/metadata/hmac',
  dataPath: 'secrets/data/hmac',
  ca: '-----BEGIN CERTIFICATE-----\nsample\n-----END CERTIFICATE-----',
  image: 'registry.example/team/vault:1',
}

/** Renders with the sample facts, and `components`, into a folder of its own under .deploy/. */
export async function renderSample(components: readonly string[] = []): Promise<Rendering> {
  const parent = resolve(import.meta.dirname, '../../.deploy')
  await mkdir(parent, { recursive: true })
  const folder = await mkdtemp(join(parent, 'sample-'))
  return renderResources({
    folder,
    facts: sampleFacts,
    components,
    vault: components.includes('vault') ? sampleVaultFacts : undefined,
    images: [
      { name: 'frontend', repository: 'registry.example/team/frontend', tag: '0123456789ab' },
      { name: 'signer', repository: 'registry.example/team/signer', tag: 'ba9876543210' },
    ],
  }).catch(async (error) => {
    await rm(folder, { recursive: true })
    throw error
  })
}
