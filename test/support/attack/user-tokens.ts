// A made-up identity provider of an application's users, and the policies that a team writes for its tokens.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { exportJWK, SignJWT } from 'jose'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'

export type Provider = { issuer: string; key: KeyObject; jwks: string }

export async function makeProvider(issuer: string): Promise<Provider> {
  const { privateKey: key, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'users-1', alg: 'RS256', use: 'sig' }
  return { issuer, key, jwks: JSON.stringify({ keys: [jwk] }) }
}

/** `lifetime`: like "1h", or "-1h" for an expired token. */
export function issueUserToken(
  { issuer, key }: Provider,
  { lifetime = '1h', audience = 'application' } = {},
): Promise<string> {
  return new SignJWT({ sub: 'user', aud: audience })
    .setProtectedHeader({ alg: 'RS256', kid: 'users-1' })
    .setIssuer(issuer)
    .setExpirationTime(lifetime)
    .sign(key)
}

const name = 'application-users'
const make = (kind: string, labels: Record<string, string>, spec: object) => ({
  apiVersion: 'security.istio.io/v1',
  kind,
  metadata: { name, namespace },
  spec: { selector: { matchLabels: labels }, ...spec },
})

/** Applies what docs/security-model.md tells a team to apply, on the Pods with the label `app`. */
export async function applyUserPolicies({ issuer, jwks }: Provider, app: string): Promise<void> {
  const rules = [
    {
      from: [{ source: { notRequestPrincipals: [`${issuer}/*`] } }],
      to: [{ operation: { ports: ['8080'] } }],
    },
  ]
  const items = [
    make(
      'RequestAuthentication',
      { app },
      {
        jwtRules: [{ issuer, audiences: ['application'], jwks, forwardOriginalToken: true }],
      },
    ),
    make('AuthorizationPolicy', { app }, { action: 'DENY', rules }),
  ]
  const list = { apiVersion: 'v1', kind: 'List', items }
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(list) })
}

/** Allows users to do anything on the port of the application. */
export async function allowUsers({ issuer }: Provider, app: string): Promise<void> {
  const rules = [
    {
      from: [{ source: { requestPrincipals: [`${issuer}/*`] } }],
      to: [{ operation: { ports: ['8080'] } }],
    },
  ]
  const policy = make('AuthorizationPolicy', { app }, { action: 'ALLOW', rules })
  policy.metadata = { name: `${name}-allow`, namespace }
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(policy) })
}

export async function removeUserPolicies(): Promise<void> {
  const names = ['requestauthentication', 'authorizationpolicy'].map((kind) => `${kind}/${name}`)
  const all = [...names, `authorizationpolicy/${name}-allow`]
  await kubectl(['delete', ...all, '-n', namespace, '--ignore-not-found'])
}
