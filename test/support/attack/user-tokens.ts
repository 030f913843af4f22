// A made-up identity provider of an application's users, and the policies that a team writes for its tokens.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportJWK, SignJWT } from 'jose'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'

const specSchema = z.looseObject({ jwtRules: z.array(z.looseObject({})).optional() })

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
/** The issuer in the example. */
const example = 'https://login.example'

/** Reads the resources that docs/production.md tells a team to add. */
export async function readUserPolicies(issuer = example): Promise<Resource[]> {
  const page = await readFile(join(CHECKOUT, 'docs/production.md'), 'utf8')
  const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = '']) => yaml)
  const yaml = blocks.find((each) => each.includes(name)) ?? ''
  return parseResources(yaml.replaceAll(example, issuer))
}

/** Applies them for `app` with the provider's keys. */
export async function applyUserPolicies({ issuer, jwks }: Provider, app: string): Promise<void> {
  const items = (await readUserPolicies(issuer)).map((each) => {
    const spec = specSchema.parse(each.spec)
    const jwtRules = spec.jwtRules?.map((rule) => ({ ...rule, jwks }))
    return { ...each, spec: { ...spec, selector: { matchLabels: { app } }, jwtRules } }
  })
  const list = { apiVersion: 'v1', kind: 'List', items }
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(list) })
}

/** Allows users to do anything on the port of the application. */
export async function allowUsers({ issuer }: Provider, app: string): Promise<void> {
  const policy = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: `${name}-allow`, namespace },
    spec: {
      selector: { matchLabels: { app } },
      rules: [
        {
          from: [{ source: { requestPrincipals: [`${issuer}/*`] } }],
          to: [{ operation: { ports: ['8080'] } }],
        },
      ],
    },
  }
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(policy) })
}

export async function removeUserPolicies(): Promise<void> {
  const names = ['requestauthentication', 'authorizationpolicy'].map((kind) => `${kind}/${name}`)
  const all = [...names, `authorizationpolicy/${name}-allow`]
  await kubectl(['delete', ...all, '-n', namespace, '--ignore-not-found'])
}
