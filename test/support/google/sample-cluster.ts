// A cluster whose ServiceAccount tokens a test signs itself.
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { namespace } from '../../../tools/kube/names.ts'
import { type Cluster, poolOf } from './token-service.ts'

const ids = { projectId: 'p', projectNumber: '7', location: 'europe-west3', name: 'c' }
const issuer = 'https://issuer.example'
const kid = 'key-of-the-cluster'

export type Issue = (change?: JWTPayload, key?: CryptoKey) => Promise<string>

/** `issue` signs a token of key-reader as the cluster does, but for `change`, or with another key. */
export async function makeSampleCluster(): Promise<{ cluster: Cluster; issue: Issue }> {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'RS256' }] }
  const cluster = { ...ids, issuer, keys }
  const now = Math.floor(Date.now() / 1_000)
  const claims = {
    ...{ iss: issuer, aud: [poolOf(cluster)], iat: now, exp: now + 900 },
    sub: `system:serviceaccount:${namespace}:key-reader`,
  }
  const issue: Issue = (change = {}, key = privateKey) =>
    new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg: 'RS256', kid }).sign(key)
  return { cluster, issue }
}
