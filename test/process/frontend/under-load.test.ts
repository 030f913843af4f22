// Under load the frontend has many messages signed in one call. Each caller gets the signature of its own message, also while
// the signer restarts and while the mesh refuses a token, and each signature is on record.
import { createHmac, randomBytes, randomInt } from 'node:crypto'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, test, vi } from 'vitest'
import { mountEntries } from '../../support/folder.ts'
import { makeFreshToken } from '../../support/services/caller-token.ts'
import { serve } from '../../support/services/http.ts'
import { forwardToSocket } from '../../support/services/mesh-proxy.ts'
import {
  startFrontend,
  startFrontendAtSocket,
  startSigner,
} from '../../support/services/services.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const CLIENTS = 64
const key = randomBytes(32)
/** This machine may be busy. */
const patient = { SIGNER_TIMEOUT_MS: '20000' }
type AuditLine = { outcome: string; count: number; request_id: string; request_ids?: string[] }

/** Returns a text of its own, whose upper case differs in length and bytes. */
function makeMessage(index: number): string {
  return `${index} ß "\\\n😀 ${randomBytes(randomInt(1, 600)).toString('base64')}`
}

/** Has a message processed. Returns the status, or the message if its signature is another one's. */
async function sendOne(agent: Agent, url: string, index: number): Promise<number | string> {
  const message = makeMessage(index)
  const headers = { 'content-type': 'application/json', 'x-request-id': `id-${index}` }
  const { status, body } = await new Promise<{ status: number; body: string }>(
    (resolve, reject) => {
      const outgoing = request(`${url}/process`, { method: 'POST', agent, headers }, (incoming) => {
        text(incoming).then(
          (read) => resolve({ status: incoming.statusCode ?? 0, body: read }),
          reject,
        )
      })
      outgoing.on('error', reject)
      outgoing.end(JSON.stringify({ message }))
    },
  )
  if (status !== 200) return status
  const processed = message.toUpperCase()
  const signature = createHmac('sha256', key).update(processed).digest('hex')
  const right = { processed_message: processed, signature, key_id: 'a' }
  return body === JSON.stringify(right) ? status : `${index} got ${body}`
}

/** Sends messages on many connections while `next` returns true. Returns how often each outcome came. */
async function load(
  url: string,
  next: (index: number) => boolean,
): Promise<Record<string, number>> {
  const seen: Record<string, number> = {}
  let index = 0
  const runClient = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (next(index)) {
      const outcome = await sendOne(agent, url, index++)
      seen[outcome] = (seen[outcome] ?? 0) + 1
    }
    agent.destroy()
  }
  await Promise.all(Array.from({ length: CLIENTS }, runClient))
  return seen
}

const readAudit = (output: string): AuditLine[] =>
  output
    .split('\n')
    .filter((line) => line.includes('"event":"audit"'))
    .map((line) => JSON.parse(line))

test('thousands of messages get their own signatures, and each is on record once', async () => {
  const pair = await startSigner({ a: key }, 0, { SIGNER_PEER: 'container' })
  await pair.signer.waitFor('listening')
  const { url } = await startFrontendAtSocket(pair, patient)
  expect(await load(url, (index) => index < 2_000)).toEqual({ 200: 2_000 })
  const signed = readAudit(pair.signer.output()).filter(({ outcome }) => outcome === 'signed')
  const ids = signed.flatMap(({ request_id, request_ids }) => request_ids ?? [request_id])
  expect(signed.reduce((sum, { count }) => sum + count, 0)).toBe(2_000)
  expect(new Set(ids)).toEqual(new Set(Array.from({ length: 2_000 }, (_, index) => `id-${index}`)))
  // Most of them in a call with others.
  expect(signed.length).toBeLessThan(1_000)
})

test('a signer that is killed and starts with another secret signs no message for another', async () => {
  const pair = await startSigner({ a: key }, 0, { SIGNER_PEER: 'container' })
  await pair.signer.waitFor('listening')
  const { url } = await startFrontendAtSocket(pair, patient)
  let isOver = false
  const loaded = load(url, () => !isOver)
  await new Promise((done) => setTimeout(done, 300))
  pair.signer.signal('SIGKILL')
  await pair.signer.exit
  await pair.restart().waitFor('listening')
  await new Promise((done) => setTimeout(done, 300))
  isOver = true
  const seen = await loaded
  expect(Object.keys(seen).filter((each) => !['200', '503'].includes(each))).toEqual([])
  expect(await load(url, (index) => index < 500)).toEqual({ 200: 500 })
})

test('no message fails while the mesh does not know the key of a renewed token, and then forgets the one before', async () => {
  const { signer, socket, pairingDir } = await startSigner({ a: key })
  await signer.waitFor('listening')
  const [old, renewed] = [makeFreshToken(1_000), makeFreshToken(2_000)]
  let accepted = [old]
  const shown = new Set<string | undefined>()
  const proxy = forwardToSocket(socket, (token = '') => {
    shown.add(token)
    return accepted.includes(token)
  })
  const { port } = await serve(proxy)
  const started = await startFrontend(Number(port), old, pairingDir, 0, patient)
  let isOver = false
  const loaded = load(started.url, () => !isOver)
  const waitFor = (token: string) => {
    shown.clear()
    return vi.waitFor(() => expect(shown).toContain(token), PROCESS_TEST_MS / 2)
  }
  await waitFor(old)
  await mountEntries(started.tokenDir, { token: renewed }, '2')
  // The frontend reads the file again within a second.
  await waitFor(renewed)
  await waitFor(old)
  accepted = [old, renewed]
  await waitFor(old)
  accepted = [renewed]
  await waitFor(renewed)
  isOver = true
  expect(Object.keys(await loaded)).toEqual(['200'])
})
