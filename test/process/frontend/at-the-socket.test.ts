// Frontend and signer are connected only by the socket, as on a mesh without a listener for it. They run as separate
// processes with the permissions of their images.
import { createHmac, randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { mountEntries } from '../../support/folder.ts'
import {
  ask,
  jsonType,
  startFrontendAtSocket,
  startSigner,
} from '../../support/services/services.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const key = randomBytes(32)
const processed = {
  processed_message: 'HELLO',
  signature: createHmac('sha256', key).update('HELLO').digest('hex'),
  key_id: 'a',
}

async function startPair(entries: Record<string, Buffer>) {
  const pair = await startSigner(entries, 0, { SIGNER_PEER: 'container' })
  await pair.signer.waitFor('listening')
  const { url, frontend } = await startFrontendAtSocket(pair)
  const process = async () => {
    const body = '{"message":"hello"}'
    const response = await fetch(`${url}/process`, { method: 'POST', headers: jsonType, body })
    return { status: response.status, body: (await response.json()) as object }
  }
  const readReadiness = async () => (await fetch(`${url}/readyz`)).status
  return { ...pair, frontend, process, readReadiness }
}

test('signs, and the audit line names the caller "socket"', async () => {
  const { process, signer } = await startPair({ a: key })
  expect(await process()).toEqual({ status: 200, body: processed })
  expect(await signer.waitFor('audit')).toMatchObject({ caller: 'socket', outcome: 'signed' })
})

test('refuses a caller without the pairing secret, and ignores its X-Forwarded-Client-Cert', async () => {
  const { socket, signer } = await startPair({ a: key })
  const forged = `By=x;Hash=${'0'.repeat(64)};Subject="";URI=spiffe://td/ns/signing/sa/secure-signing`
  const headers = { ...jsonType, 'x-forwarded-client-cert': forged }
  const { status, body } = await ask(socket, '/sign', '{"message":"hello"}', headers)
  expect([status, body.code]).toEqual([403, 'pairing_refused'])
  expect(await signer.waitFor('audit')).toMatchObject({
    caller: 'socket',
    outcome: 'pairing_refused',
  })
})

test('is ready only while the signer has a key and runs', async () => {
  const { readReadiness, keyDir, signer } = await startPair({})
  expect(await readReadiness()).toBe(503)
  await mountEntries(keyDir, { a: key }, '2')
  await signer.waitFor('keys_loaded')
  expect(await readReadiness()).toBe(200)
  signer.signal('SIGKILL')
  await signer.exit
  expect(await readReadiness()).toBe(503)
})

test('signs again at once after a restart of the signer, which has another secret', async () => {
  const { process, signer, restart } = await startPair({ a: key })
  expect((await process()).status).toBe(200)
  signer.signal('SIGKILL')
  await signer.exit
  expect(await process()).toMatchObject({ status: 503, body: { code: 'signer_unavailable' } })
  await restart().waitFor('listening')
  expect(await process()).toEqual({ status: 200, body: processed })
})
