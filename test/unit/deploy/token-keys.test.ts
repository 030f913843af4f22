// Where the keys of caller tokens come from, and which keys stay after a rotation.
import { describe, expect, test } from 'vitest'
import {
  keepOldKeys,
  tokenLifetimeSeconds,
} from '../../../tools/deploy/token-keys/keep-old-keys.ts'
import { findPublicKeys } from '../../../tools/deploy/token-keys/public-keys.ts'
import { chooseSource, describeChoice } from '../../../tools/deploy/token-keys/token-keys.ts'
import { formatKeySet, type TokenKey } from '../../../tools/kube/key-set.ts'

const makeKey = (kid: string, fields: object = {}): TokenKey => {
  return { kty: 'RSA', kid, n: `modulus of ${kid}`, e: 'AQAB', ...fields }
}
const [old, next] = [makeKey('old'), makeKey('next')]
const issuer = 'https://oidc.example/id/1'
const published = { issuer, keys: formatKeySet([old, next]) }
const discovery = { issuer, jwks_uri: 'https://oidc.example/id/1/keys' }

/** An issuer that publishes these documents. */
const publish = (documents: Record<string, unknown>) => async (url: string) => {
  if (!(url in documents)) throw new TypeError('fetch failed', { cause: new Error('ENOTFOUND') })
  return JSON.stringify(documents[url])
}
const documents = (changed: Record<string, unknown> = {}) => ({
  [`${issuer}/.well-known/openid-configuration`]: discovery,
  // An issuer adds fields of its own, and has other order.
  [discovery.jwks_uri]: {
    keys: [{ ...next, use: 'sig' }, { ...old, alg: 'RS256' }, makeKey('more')],
  },
  ...changed,
})

describe('the issuer', () => {
  test.each([issuer, `${issuer}/`])('%s publishes its keys', async (name) => {
    const found = documents({
      [`${issuer}/.well-known/openid-configuration`]: { ...discovery, issuer: name },
    })
    expect(await findPublicKeys({ ...published, issuer: name }, publish(found))).toEqual({
      uri: discovery.jwks_uri,
    })
  })

  test.each([
    ['no https URL', 'http://oidc.example', {}, 'is no https URL'],
    ['no URL', 'kubernetes/serviceaccount', {}, 'is no https URL'],
    ['a Service', 'https://kubernetes.default.svc', {}, 'is a name of the cluster'],
    ['a full name', 'https://kubernetes.default.svc.cluster.local', {}, 'is a name of the cluster'],
    ['a Service elsewhere', 'https://api.kube.svc.corp.example', {}, 'is a name of the cluster'],
    ['a single label', 'https://kubernetes', {}, 'is a name of the cluster'],
    [
      'out of reach',
      'https://other.example',
      {},
      'cannot fetch the keys of https://other.example: ENOTFOUND',
    ],
    [
      'of another name',
      issuer,
      {
        [`${issuer}/.well-known/openid-configuration`]: {
          ...discovery,
          issuer: 'https://b.example',
        },
      },
      'names the issuer https://b.example',
    ],
    [
      'with a plain text key set',
      issuer,
      {
        [`${issuer}/.well-known/openid-configuration`]: {
          ...discovery,
          jwks_uri: 'http://oidc.example/keys',
        },
      },
      'names http://oidc.example/keys, which is no https URL',
    ],
    [
      'without discovery',
      issuer,
      { [`${issuer}/.well-known/openid-configuration`]: [] },
      'is not a discovery document',
    ],
    ['without the next key', issuer, { [discovery.jwks_uri]: { keys: [old] } }, 'lacks next'],
    [
      'with another key of the same id',
      issuer,
      { [discovery.jwks_uri]: { keys: [old, { ...next, n: 'other' }] } },
      'lacks next',
    ],
    ['with a web page as key set', issuer, { [discovery.jwks_uri]: 'hello' }, 'lacks old, next'],
  ])('is private if it is %s', async (_, name, changed, because) => {
    const found = await findPublicKeys({ ...published, issuer: name }, publish(documents(changed)))
    expect(found).toEqual({ because: expect.stringContaining(because) })
  })
})

describe('TOKEN_KEYS', () => {
  const never = () => Promise.reject(new Error('asked the issuer'))
  const uri = 'https://kubernetes.default.svc/openid/v1/jwks'

  test('names a URL or inline keys, and nothing asks the issuer', async () => {
    expect(await chooseSource(published, uri, never)).toEqual({ uri })
    expect(await chooseSource(published, 'inline', never)).toEqual({ because: 'TOKEN_KEYS=inline' })
  })

  test.each(['http://kubernetes.default.svc/openid/v1/jwks', 'uri', 'Inline'])(
    'refuses %s, and says why',
    async (wanted) => {
      await expect(chooseSource(published, wanted, never)).rejects.toMatchObject({
        message: `TOKEN_KEYS="${wanted}" is neither inline nor an https URL`,
        todo: expect.stringContaining('Without TLS, anyone on the path could replace the keys'),
      })
    },
  )

  test('is advised when a deployment would stop fetching the keys', () => {
    const choice = { because: 'the issuer is a name of the cluster' }
    expect(describeChoice(choice, undefined, uri).join('\n')).toContain(`add TOKEN_KEYS=${uri}`)
    expect(describeChoice(choice, 'inline', uri).join('\n')).not.toContain(uri)
    expect(describeChoice(choice, undefined, undefined).join('\n')).toContain(
      'make renew-token-keys',
    )
  })
})

describe('the keys in the policy', () => {
  const now = 1_800_000_000
  const kept = { ...old, exp: now + tokenLifetimeSeconds }

  test('are those of the API server', () => {
    expect(keepOldKeys([next], [], now * 1_000)).toEqual([next])
    expect(keepOldKeys([old, next], [old], now * 1_000)).toEqual([old, next])
  })

  test('keep an old key until no token of it lives', () => {
    const first = keepOldKeys([next], [old], now * 1_000)
    expect(first).toEqual([next, kept])
    expect(keepOldKeys([next], first, (now + tokenLifetimeSeconds - 1) * 1_000)).toEqual(first)
    expect(keepOldKeys([next], first, (now + tokenLifetimeSeconds) * 1_000)).toEqual([next])
  })

  test('lose the end of a key that the API server publishes again', () => {
    expect(keepOldKeys([old, next], [next, kept], now * 1_000)).toEqual([old, next])
  })

  test('have both keys of one id', () => {
    const other = { ...old, n: 'other' }
    expect(keepOldKeys([other], [old], now * 1_000)).toEqual([other, kept])
  })
})
