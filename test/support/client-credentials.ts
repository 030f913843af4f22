// What clients send to authenticate themselves to the application. It belongs to the application, on every layout.
import { generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { withGateway } from '../../tools/verify/attack/gateway.ts'
import { findTarget, readOwnToken } from '../../tools/verify/attack/target.ts'
import { issueToken } from '../../tools/verify/attack/tokens.ts'
import { sendHeaders } from './gateway-requests.ts'

/** Headers, by what a client has. `stolen` is a valid caller token, and `ofApi` is a token for the API server. */
export const makeCredentials = async (stolen: string, ofApi: string) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const userToken = await new SignJWT({ sub: 'user', iss: 'https://users.example' })
    .setProtectedHeader({ alg: 'RS256', kid: 'users-1' })
    .setExpirationTime('1h')
    .sign(privateKey)
  return {
    'an opaque Bearer token': { authorization: 'Bearer 9f8a-opaque_token~+/==' },
    'a Bearer token of its own issuer': { authorization: `Bearer ${userToken}` },
    'a Bearer token of this cluster, for the API server': { authorization: `Bearer ${ofApi}` },
    'a stolen caller token as Bearer token': { authorization: `Bearer ${stolen}` },
    'Basic credentials': { authorization: 'Basic dXNlcjpwYXNzd29yZA==' },
    'another scheme': { authorization: 'DPoP not.a.token' },
    'an empty Authorization': { authorization: '' },
    'a cookie': { cookie: `session=${userToken}; caller-token=not.a.token` },
    'an API key': { 'x-api-key': 'key "1", ünïcode' },
    'the token of an identity-aware proxy': { 'x-goog-iap-jwt-assertion': userToken },
    'an invalid caller token': { 'caller-token': 'not.a.token' },
    'a stolen caller token': { 'caller-token': stolen },
  }
}

const names = Object.keys(await makeCredentials('', ''))

/** Tests on the deployment that a client gets a signature, whatever it sends to authenticate itself. */
export function testClientCredentials(): void {
  test.each(names)('a client that sends %s gets a signature', async (name) => {
    const target = await findTarget()
    const ofApi = await issueToken(target.layout.frontend)
    const credentials = await makeCredentials(await readOwnToken(target), ofApi)
    const headers = credentials[name as keyof typeof credentials]
    const { status, body } = await withGateway((place) => sendHeaders(place, headers))
    expect({ status, body }).toMatchObject({ status: 200, body: { processed_message: 'ATTACK' } })
  })
}
