// What a client sends to authenticate itself is for the application. The frontend passes none of it on to the signer.
import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { describe, expect, test, vi } from 'vitest'
import { makeVolume } from '../../support/folder.ts'
import { makeFreshToken } from '../../support/services/caller-token.ts'
import { serve, serveOverSocket } from '../../support/services/http.ts'
import { jsonType, startFrontend, startFrontendAtSocket } from '../../support/services/services.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const mark = "the client's own"
const ofClient = {
  'a Bearer token': { authorization: `Bearer ${mark}` },
  'Basic credentials': { authorization: `Basic ${mark}` },
  'another scheme': { authorization: `DPoP ${mark}` },
  'credentials for a proxy': { 'proxy-authorization': `Bearer ${mark}` },
  'a cookie': { cookie: `session=${mark}` },
  'an API key': { 'x-api-key': mark },
  'the token of an identity-aware proxy': { 'x-goog-iap-jwt-assertion': mark },
  'a caller token': { 'caller-token': mark },
  'a certificate': { 'x-forwarded-client-cert': mark },
}
const toSigner = [
  ...['connection', 'content-digest', 'content-length', 'content-type', 'host'],
  ...['signature', 'signature-input', 'x-json-case', 'x-request-id'],
]

/** Makes a signer that signs anything. `seen` lists the headers of its requests. */
function makeSigner() {
  const seen: NodeJS.Dict<string | string[]>[] = []
  const listener: RequestListener = (incoming, outgoing) => {
    seen.push(incoming.headers)
    const answer = { signature: 'ab'.repeat(32), key_id: 'a', algorithm: 'HMAC-SHA256' }
    incoming.resume().on('end', () => outgoing.end(JSON.stringify(answer)))
  }
  return { seen, listener }
}

const makePairing = () => makeVolume({ secret: randomBytes(32) })

const layouts: Record<string, (listener: RequestListener, token: string) => Promise<string>> = {
  'through the mesh': async (listener, token) => {
    const { port } = await serve(listener)
    return (await startFrontend(Number(port), token, await makePairing())).url
  },
  'at the socket': async (listener) => {
    const socket = await serveOverSocket(listener)
    return (await startFrontendAtSocket({ socket, pairingDir: await makePairing() })).url
  },
}

describe.each(Object.entries(layouts))('the frontend that calls the signer %s', (name, start) => {
  test('accepts whatever a client sends, and sends the signer only its own headers', async () => {
    const token = makeFreshToken()
    const { seen, listener } = makeSigner()
    const url = await start(listener, token)
    for (const [what, headers] of Object.entries(ofClient)) {
      const body = '{"message":"hello"}'
      const sent = { ...jsonType, ...headers }
      const { status } = await fetch(`${url}/process`, { method: 'POST', headers: sent, body })
      expect([what, status]).toEqual([what, 200])
    }
    expect(seen).toHaveLength(Object.keys(ofClient).length)
    const own = name === 'at the socket' ? toSigner : [...toSigner, 'caller-token'].toSorted()
    for (const headers of seen) {
      expect(Object.keys(headers).toSorted()).toEqual(own)
      expect(JSON.stringify(headers)).not.toContain(mark)
      if (name !== 'at the socket') expect(headers['caller-token']).toBe(token)
    }
  })
})
