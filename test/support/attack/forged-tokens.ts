// Forged caller tokens. Tokens with one wrong claim need the key of the local cluster.
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace, serviceAccount } from '../../../tools/kube/names.ts'
import { readClusterKey, signLike } from '../../../tools/verify/attack/tokens.ts'

/** Forges tokens by name, each made from the valid token `good`. */
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

/** Signs tokens with the cluster's own key, each with one wrong claim. */
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

/** Signs the claims of `good` with the cluster's key. The token is valid, so a forged one fails only for its flaw. */
export async function copyWithClusterKey(good: string): Promise<string> {
  return signLike(good, {}, await readClusterKey())
}

async function confuseAlgorithm(kid: string, payload: string): Promise<string> {
  const keys = await kubectl(['get', '--raw', '/openid/v1/jwks'])
  const input = `${encode({ alg: 'HS256', kid })}.${payload}`
  return `${input}.${createHmac('sha256', keys.trim()).update(input).digest('base64url')}`
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
