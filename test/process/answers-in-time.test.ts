// Whatever becomes of the signer, the frontend's caller has an answer within a second: 503 or 504, never a hanging one.
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { makeFreshToken } from '../support/services/caller-token.ts'
import { bridgeToSocket, listenOnLoopback } from '../support/services/http.ts'
import { jsonType, startFrontend, startSigner } from '../support/services/services.ts'
import { PROCESS_TEST_MS } from '../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const PROMISED_MS = 1_000

async function process(url: string) {
  const start = performance.now()
  const init = { method: 'POST', headers: jsonType, body: '{"message":"a"}' }
  const response = await fetch(`${url}/process`, init)
  const { code } = (await response.json()) as { code?: string }
  return { status: response.status, code, tookMs: performance.now() - start }
}

/** A signer's port with something else behind it. */
async function serveTcp(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return listenOnLoopback(server)
}

const half = 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{'
test.each<[string, (socket: Socket) => void, number, string]>([
  ['says nothing', () => {}, 504, 'signer_timeout'],
  ['reads nothing', (socket) => socket.pause(), 504, 'signer_timeout'],
  ['begins an answer', (socket) => socket.write(half), 504, 'signer_timeout'],
  ['hangs up at once', (socket) => socket.destroy(), 503, 'signer_unavailable'],
  [
    'hangs up after the request',
    (socket) => socket.on('data', () => socket.destroy()),
    503,
    'signer_unavailable',
  ],
  ['does not speak HTTP', (socket) => socket.end('hunter2\r\n\r\n'), 503, 'signer_unavailable'],
])('a signer that %s', async (_, onConnection, expectedStatus, expectedCode) => {
  const { url } = await startFrontend(await serveTcp(onConnection), makeFreshToken())
  await expect(process(url)).resolves.toMatchObject({ status: expectedStatus, code: expectedCode })
  // The second one, because the first has a cold process to itself.
  const { status, tookMs } = await process(url)
  expect([status, tookMs < PROMISED_MS]).toEqual([expectedStatus, true])
})

test('a real signer that is stopped, and goes on', async () => {
  const { signer, socket, pairingDir } = await startSigner({ a: randomBytes(32) })
  await signer.waitFor('listening')
  const port = await bridgeToSocket(socket)
  const { url } = await startFrontend(port, makeFreshToken(), pairingDir)
  expect((await process(url)).status).toBe(200)
  signer.signal('SIGSTOP')
  const { status, code, tookMs } = await process(url)
  expect([status, code, tookMs < PROMISED_MS]).toEqual([504, 'signer_timeout', true])
  signer.signal('SIGCONT')
  await vi.waitFor(async () => expect((await process(url)).status).toBe(200), PROCESS_TEST_MS / 2)
})
