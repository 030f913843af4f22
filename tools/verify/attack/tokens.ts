// Caller tokens that must be refused: valid tokens of other callers, and forged ones. Tokens with one wrong claim need the
// cluster's signing key, which only the local cluster provides.
import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from 'jose'
import { readVariable } from '../../cli/make-variables.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { namespace, serviceAccount } from '../../kube/names.ts'
import { KUBECONFIG, PKI } from '../../local-cluster/paths.ts'

/** True for the local cluster. Tests have its signing key, and may change its settings. */
export const isLocalCluster = readVariable('KUBECONFIG') === KUBECONFIG

/** Has the API server issue a token for `account` with `audience`. The default audience is the API server. */
export async function issueToken(account: string, audience?: string): Promise<string> {
  const args = ['create', 'token', account, '-n', namespace, '--duration=10m']
  return (await kubectl(audience === undefined ? args : [...args, '--audience', audience])).trim()
}

/** Name → forged token, each made from `good`, a valid token. */
export async function forgeTokens(good: string): Promise<Record<string, string>> {
  const { privateKey: ownKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const kid = String(decodeProtectedHeader(good).kid)
  const [header = '', payload = '', signature = ''] = good.split('.')
  return {
    'signed with another key': await signLike(good, {}, ownKey),
    'signed with another key, and with an unknown kid': await signLike(good, {}, ownKey, 'nobody'),
    'alg none': `${encode({ alg: 'none', kid })}.${payload}.`,
    'alg none, with the signature': `${encode({ alg: 'none', kid })}.${payload}.${signature}`,
    'HS256, keyed with the public key': await confuseAlgorithm(kid, payload),
    'another payload under the same signature': `${header}.${encode({ ...decodeJwt(good), aud: ['other', 'signer'] })}.${signature}`,
    'no signature': `${header}.${payload}.`,
    garbage: 'not.a.token',
    'the word null': 'null',
    '16 KiB long': 'a'.repeat(16 * 1024),
  }
}

/** Name → token with one wrong claim, signed with the cluster's key. */
export async function forgeWithClusterKey(good: string): Promise<Record<string, string>> {
  const key = await readClusterKey()
  const now = Math.floor(Date.now() / 1_000)
  const sign = (change: JWTPayload) => signLike(good, change, key)
  return {
    // Istio tolerates a clock skew of one minute.
    expired: await sign({ iat: now - 7_200, nbf: now - 7_200, exp: now - 3_600 }),
    'not yet valid': await sign({ nbf: now + 3_600, exp: now + 7_200 }),
    'of another issuer': await sign({ iss: 'https://issuer.example' }),
    'of another subject': await sign({ sub: `system:serviceaccount:${namespace}:other` }),
    'of another namespace': await sign({ sub: `system:serviceaccount:other:${serviceAccount}` }),
    'for another audience': await sign({ aud: ['vault'] }),
    'for an audience that begins with ours': await sign({ aud: ['signer-2'] }),
    'for no audience': await sign({ aud: [] }),
  }
}

/** The claims of `good`, signed with the cluster's key. It is valid, so a forged token fails only for its flaw. */
export async function copyWithClusterKey(good: string): Promise<string> {
  return signLike(good, {}, await readClusterKey())
}

/** The claims of `good`, valid for `seconds` from now, signed with the cluster's key. Negative `seconds`: expired. */
export async function issueShortLived(good: string, seconds: number): Promise<string> {
  return signLike(good, { exp: Math.floor(Date.now() / 1_000) + seconds }, await readClusterKey())
}

/** Signs the claims of `good` with `change`. The default kid is the same. */
function signLike(
  good: string,
  change: JWTPayload,
  key: KeyObject,
  kid = String(decodeProtectedHeader(good).kid),
): Promise<string> {
  return new SignJWT({ ...decodeJwt(good), ...change })
    .setProtectedHeader({ alg: 'RS256', kid })
    .sign(key)
}

async function readClusterKey(): Promise<KeyObject> {
  return createPrivateKey(await readFile(join(PKI, 'service-account.key')))
}

async function confuseAlgorithm(kid: string, payload: string): Promise<string> {
  const keys = await kubectl(['get', '--raw', '/openid/v1/jwks'])
  const input = `${encode({ alg: 'HS256', kid })}.${payload}`
  return `${input}.${createHmac('sha256', keys.trim()).update(input).digest('base64url')}`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
