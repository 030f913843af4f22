// The imitation of Azure refuses what Azure refuses. The tests of External Secrets stand on that.
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Azure, logIn, openAzure } from '../../support/azure/azure.ts'
import type { Identity } from '../../support/azure/directory.ts'
import { ask } from '../../support/clouds/ask.ts'

const trust = {
  issuer: 'https://cluster.example',
  subject: 'system:serviceaccount:signing:key-reader',
  audiences: ['api://AzureADTokenExchange'],
}
const name = 'signing-hmac-key'
const cluster = await generateKeyPair('ES256')
let azure: Azure
let identity: Identity

beforeAll(async () => {
  const jwk = { ...(await exportJWK(cluster.publicKey)), alg: 'ES256' }
  azure = await openAzure({ issuer: trust.issuer, keys: JSON.stringify({ keys: [jwk] }) })
  identity = azure.directory.addIdentity('/signing-key-reader')
  azure.directory.trusts.set(`${identity.id}/federatedIdentityCredentials/signing`, trust)
})
afterAll(() => azure.stop())

test('Entra refuses a token of another ServiceAccount, audience, issuer or key, and one that has expired', async () => {
  const stranger = await generateKeyPair('ES256')
  for (const [token, reason] of [
    [await sign({ sub: 'system:serviceaccount:signing:secure-signing' }), 'AADSTS700213'],
    [await sign({ aud: 'signer' }), 'AADSTS700212'],
    [await sign({ iss: 'https://other.example' }), '"iss"'],
    [await sign({}, stranger.privateKey), 'signature'],
    [await sign({ exp: 1 }), '"exp"'],
    ['', 'Invalid'],
  ] as const) {
    const refused = { reason: expect.stringContaining(reason) }
    expect(await logIn(azure, identity.clientId, token)).toEqual(refused)
  }
  const good = await sign({})
  expect(await logIn(azure, azure.directory.addIdentity('/other').clientId, good)).toEqual({
    reason: expect.stringContaining('AADSTS700211'),
  })
  expect(azure.entra.tokens).toEqual([])
  expect(await logIn(azure, identity.clientId, good)).toEqual({ token: expect.any(String) })
  expect(azure.entra.tokens).toEqual([good])
})

test('an identity reads a secret with a role on it, and nothing else', async () => {
  await asOperator('PUT', name, { value: 'a' })
  await asOperator('PUT', 'other', { value: 'b' })
  const session = await logIn(azure, identity.clientId, await sign({}))
  const token = 'token' in session ? session.token : ''
  expect(await send('', 'GET', name)).toMatchObject({ status: 401 })
  expect(await send(token, 'GET', name)).toMatchObject({ status: 403 })
  const scope = `${azure.vault.id}/secrets/${name}`
  azure.directory.assign('Key Vault Secrets User', identity.principalId, scope)
  expect(await send(token, 'GET', name)).toMatchObject({ status: 200, value: { value: 'a' } })
  expect(await send(token, 'PUT', name, { value: 'c' })).toMatchObject({ status: 403 })
  expect(await send(token, 'GET', 'other')).toMatchObject({ status: 403 })
  const granted = [...azure.directory.assignments.values()].find((each) => each.scope === scope)
  azure.directory.assignments.delete(`${granted?.id}`)
  expect(await send(token, 'GET', name)).toMatchObject({ status: 403 })
})

test('a disabled newest version is refused, and no older one takes its place', async () => {
  await asOperator('PUT', name, { value: 'older' })
  const older = azure.vault.findNewest(name)
  await asOperator('PUT', name, { value: 'newest' })
  const newest = `${name}/${azure.vault.findNewest(name)}`
  await asOperator('PATCH', newest, { attributes: { enabled: false } })
  const innererror = { code: 'SecretDisabled' }
  const refused = { status: 403, value: { error: { innererror } } }
  expect(await asOperator('GET', name)).toMatchObject(refused)
  expect(await asOperator('GET', `${name}/${older}`)).toMatchObject({ value: { value: 'older' } })
  await asOperator('PATCH', newest, { attributes: { enabled: true } })
  expect(await asOperator('GET', name)).toMatchObject({ value: { value: 'newest' } })
})

test('a vault that is away answers nothing, and has its secrets when it is back', async () => {
  await asOperator('PUT', name, { value: 'kept' })
  await azure.vault.goAway()
  await expect(asOperator('GET', name)).rejects.toThrow('502')
  await azure.vault.comeBack()
  expect(await asOperator('GET', name)).toMatchObject({ value: { value: 'kept' } })
})

/** A token as the API server makes it for External Secrets, but for `claims`. */
function sign(claims: JWTPayload, key: CryptoKey = cluster.privateKey): Promise<string> {
  const { issuer: iss, subject: sub, audiences: aud } = trust
  const exp = Math.floor(Date.now() / 1_000) + 3_600
  const payload = { iss, sub, aud, exp, ...claims }
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256' }).sign(key)
}

async function send(token: string, method: string, path: string, body?: unknown) {
  const headers = { authorization: `Bearer ${token}` }
  const url = `${azure.vault.url}/secrets/${path}?api-version=7.4`
  const answer = await ask(url, azure.env, { method, headers, body: JSON.stringify(body) })
  return { status: answer.status, value: JSON.parse(answer.body) }
}

async function asOperator(method: string, path: string, body?: unknown) {
  const { operator } = azure.directory
  const session = await logInOperator(operator.clientId, operator.secret)
  return send(session, method, path, body)
}

async function logInOperator(id: string, secret: string): Promise<string> {
  const scope = 'https://vault.azure.net/.default'
  const form = new URLSearchParams({ client_id: id, client_secret: secret, scope })
  const url = `https://login.microsoftonline.com/${azure.directory.tenant}/oauth2/v2.0/token`
  const { body } = await ask(url, azure.env, { method: 'POST', body: form.toString() })
  return JSON.parse(body).access_token
}
