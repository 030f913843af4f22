// The limits of a real signer with the flags of its image: bodies, batches, headers, time and memory.
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { readMemoryMib } from '../../../tools/verify/memory.ts'
import { askPaired, signHeaders, startSigner } from '../../support/services/services.ts'
import { PROCESS_TEST_MS, START_MS, WAIT_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const KIB = 1_024
/** The container's limit in k8s/components/signer/deployment-patch.yaml. */
const MEMORY_LIMIT_MIB = 192
/** The signer waits 10 s for headers and 15 s for a request, and checks every second. */
const SLOW_TEST_MS = 30_000

let signer: Awaited<ReturnType<typeof startSigner>>
beforeAll(async () => {
  signer = await startSigner({ 'key-1': randomBytes(32) })
  await signer.signer.waitFor('listening')
}, START_MS)

function makeBody(bytes: number, before: string, after: string): string {
  return `${before}${'a'.repeat(bytes - before.length - after.length)}${after}`
}
const makeSign = (bytes: number) => makeBody(bytes, '{"message":"', '"}')
const makeBatch = (bytes: number) => makeBody(bytes, '{"messages":["', '"]}')
/** Items of the largest number with the longest ids. `bytes` is the length of each message. */
const makeItems = (count: number, bytes = 1) => {
  const items = Array.from({ length: count }, (_, index) => ({
    ...{ request_id: String(index).padStart(64, '0'), trace_id: 'a'.repeat(32) },
    ...{ message: 'a'.repeat(bytes), encoding: 'utf8', key_id: 'key-1' },
  }))
  return JSON.stringify({ items })
}

describe('bodies', () => {
  test.each([
    ['/sign', makeSign(64 * KIB), 200],
    ['/sign', makeSign(64 * KIB + 1), 413],
    ['/sign/batch', makeBatch(4 * KIB * KIB), 200],
    ['/sign/batch', makeBatch(4 * KIB * KIB + 1), 413],
    ['/sign/batch', JSON.stringify({ messages: Array(1_000).fill('a') }), 200],
    ['/sign/batch', JSON.stringify({ messages: Array(1_001).fill('a') }), 400],
    ['/sign/batch', JSON.stringify({ messages: [] }), 400],
    ['/sign/batch', makeItems(1_000, 3_964), 200],
    ['/sign/batch', makeItems(1_000, 4_064), 413],
    ['/sign/batch', makeItems(1_001), 400],
    ['/sign/batch', makeItems(0), 400],
  ])('%s %# gets %3$i', async (path, body, expected) => {
    expect((await askPaired(signer, path, body)).status).toBe(expected)
  })

  test.each([
    // One character outside of Latin-1 makes V8 use two bytes for each character.
    ['batches', makeBatch(4 * KIB * KIB - 3).replace('a"]}', 'a€"]}')],
    ['items', makeItems(1_000, 3_964).replaceAll('aaa","enc', '€","enc')],
  ])(
    'many of the largest %s at once get 200 or 503, within the container’s memory',
    async (_, body) => {
      const signer = await startSigner({ 'key-1': randomBytes(32) })
      await signer.signer.waitFor('listening')
      const answers = await Promise.all(
        Array.from({ length: 24 }, () => askPaired(signer, '/sign/batch', body)),
      )
      for (const { status } of answers) expect([200, 503]).toContain(status)
      const expectSigned = async () =>
        expect((await askPaired(signer, '/sign/batch', body)).status).toBe(200)
      // On a busy machine, the audit lines of so many may take too long.
      await vi.waitFor(expectSigned, WAIT_MS)
      const peakMib = await readMemoryMib(Number(signer.signer.pid), 'VmHWM')
      expect(peakMib).toBeLessThan(MEMORY_LIMIT_MIB)
    },
  )
})

test('many batches of short messages at once get 200 or 503, and the signer lives', async () => {
  const signer = await startSigner({ 'key-1': randomBytes(32), 'audit-key': randomBytes(32) })
  await signer.signer.waitFor('listening')
  const body = JSON.stringify({ messages: Array(1_000).fill('a') })
  // Each answer takes some 100 KB until its audit line is written.
  const answers = await Promise.all(
    Array.from({ length: 300 }, () => askPaired(signer, '/sign/batch', body)),
  )
  const statuses = Map.groupBy(answers, ({ status }) => status)
  expect([200, 503]).toEqual(expect.arrayContaining([...statuses.keys()]))
  expect(statuses.has(200)).toBe(true)
  const expectSigned = async () =>
    expect((await askPaired(signer, '/sign', { message: 'a' })).status).toBe(200)
  await vi.waitFor(expectSigned, WAIT_MS)
})

test('many webhooks with a signature for each key and version get 200 or 503, and the signer lives', async () => {
  const makeHook = () => Buffer.from(`whsec_${randomBytes(32).toString('base64')}`)
  const signer = await startSigner({
    ...{ 'key-1': randomBytes(32), 'audit-key': randomBytes(32) },
    ...{ hook: makeHook(), hook2: makeHook(), 'webhook-primary': Buffer.from('hook') },
  })
  await signer.signer.waitFor('listening')
  // The most signatures that a small body can ask for, and the most text for each in the audit log.
  const makeHooks = (count: number, length: number) => {
    const hook = { body: '', consumer: 'c'.repeat(length), consumer_versions: [1, 2] }
    const names = Array.from({ length: count }, (_, index) => `${index}`.padStart(length / 2, '0'))
    return JSON.stringify({ items: names.map((request_id) => ({ request_id, ...hook })) })
  }
  for (const body of [makeHooks(650, 8), makeHooks(230, 128)]) {
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => askPaired(signer, '/sign/batch', body)),
    )
    const statuses = Map.groupBy(answers, ({ status }) => status)
    expect([200, 503]).toEqual(expect.arrayContaining([...statuses.keys()]))
  }
  const expectSigned = async () =>
    expect((await askPaired(signer, '/sign', { message: 'a' })).status).toBe(200)
  await vi.waitFor(expectSigned, WAIT_MS)
})

describe('headers', () => {
  const askWith = (bytes: number) =>
    sendOver(
      `GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(bytes)}\r\nconnection: close\r\n\r\n`,
    )
  test('of almost 16 KiB get 200', async () => {
    expect(await askWith(16 * KIB - 200)).toMatch(/^HTTP\/1\.1 200 /)
  })
  test('of more get 431', async () => {
    expect(await askWith(16 * KIB)).toMatch(/^HTTP\/1\.1 431 .*"code":"headers_too_large"/s)
  })
})

describe.concurrent('a slow client gets 408 and blocks no other client', () => {
  test('that sends headers slowly', { timeout: SLOW_TEST_MS }, async ({ expect }) => {
    expect(await sendOver('POST /sign HTTP/1.1\r\nhost: a\r\n')).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('that sends a body slowly', { timeout: SLOW_TEST_MS }, async ({ expect }) => {
    const headers = signHeaders(signer.pairingDir, '{"message":"a"}')
    const begun = request({ socketPath: signer.socket, path: '/sign', method: 'POST', headers })
    const status = new Promise((resolve) => {
      begun.on('response', (incoming) => resolve(incoming.resume().statusCode))
      begun.on('error', resolve)
    })
    begun.write('{"message":')
    expect((await askPaired(signer, '/sign', { message: 'a' })).status).toBe(200)
    expect(await status).toBe(408)
  })
})

/** Sends bytes over the socket, and returns everything that the signer sends until it closes. */
function sendOver(bytes: string): Promise<string> {
  const socket = connect(signer.socket)
  socket.write(bytes)
  return text(socket)
}
