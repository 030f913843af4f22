// Whatever happens to the signer, the frontend answers within a second, with 503 or 504.
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { loadConfig } from '../../frontend/config.ts'
import { makeFreshToken } from '../support/services/caller-token.ts'
import { bridgeToSocket, listenOnLoopback } from '../support/services/http.ts'
import { jsonType, startFrontend, startSigner } from '../support/services/services.ts'
import { PROCESS_TEST_MS } from '../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

async function process(url: string) {
  const init = { method: 'POST', headers: jsonType, body: '{"message":"a"}' }
  const response = await fetch(`${url}/process`, init)
  const { code } = (await response.json()) as { code?: string }
  return { status: response.status, code }
}

/** Starts a TCP server in place of the signer. `count` returns the number of its connections. */
async function serveTcp(onConnection: (socket: Socket) => void) {
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
  return { port: await listenOnLoopback(server), count: () => sockets.length }
}

// The tests below show that the deadline ends every call. No test measures time, because the machine may be busy.
test('the deadline for a call is shorter than a second by default', () => {
  expect(loadConfig({ PAIRING_SECRET_FILE: 'none' }).signerTimeoutMs).toBeLessThan(1_000)
})

const half = 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{'
test.each<[string, (socket: Socket) => void]>([
  ['sends nothing', () => {}],
  ['reads nothing', (socket) => socket.pause()],
  ['sends half an answer', (socket) => socket.write(half)],
])('answers 504 if the signer %s, after one attempt', async (_, onConnection) => {
  const { port, count } = await serveTcp(onConnection)
  const { url } = await startFrontend(port, makeFreshToken())
  for (const attempts of [1, 2]) {
    await expect(process(url)).resolves.toEqual({ status: 504, code: 'signer_timeout' })
    expect(count()).toBe(attempts)
  }
})

test.each<[string, (socket: Socket) => void]>([
  ['closes the connection at once', (socket) => socket.destroy()],
  ['closes after the request', (socket) => socket.on('data', () => socket.destroy())],
  ['does not send HTTP', (socket) => socket.end('hunter2\r\n\r\n')],
])('answers 503 if the signer %s', async (_, onConnection) => {
  const { url } = await startFrontend((await serveTcp(onConnection)).port, makeFreshToken())
  for (let count = 0; count < 2; count++) {
    await expect(process(url)).resolves.toEqual({ status: 503, code: 'signer_unavailable' })
  }
})

test('answers 504 while a real signer is stopped, and 200 when it continues', async () => {
  const { signer, socket, pairingDir } = await startSigner({ a: randomBytes(32) })
  await signer.waitFor('listening')
  const port = await bridgeToSocket(socket)
  const { url } = await startFrontend(port, makeFreshToken(), pairingDir)
  expect((await process(url)).status).toBe(200)
  signer.signal('SIGSTOP')
  expect(await process(url)).toEqual({ status: 504, code: 'signer_timeout' })
  signer.signal('SIGCONT')
  await vi.waitFor(async () => expect((await process(url)).status).toBe(200), PROCESS_TEST_MS / 2)
})
