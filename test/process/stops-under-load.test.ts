// SIGTERM under load: everything that comes while it drains is answered, its callers are told to go elsewhere by
// `connection: close`, and then it ends with 0.
import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { makeFreshToken } from '../support/services/caller-token.ts'
import { bridgeToSocket } from '../support/services/http.ts'
import { jsonType, signHeaders, startFrontend, startSigner } from '../support/services/services.ts'
import { PROCESS_TEST_MS } from '../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const CLIENTS = 16
const LOAD_MS = 500
const LINGER_MS = 500
const body = '{"message":"a"}'

type Target = { socketPath: string } | { port: number; host: string }
type Ask = { target: Target; path: string; headers: () => Record<string, string> }

/** Asks over and over, on kept connections, until it is told to go. Returns how often each outcome was seen. */
async function askUntilTold({ target, path, headers }: Ask): Promise<Record<string, number>> {
  const seen: Record<string, number> = {}
  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (;;) {
      const { outcome, isTold } = await askOnce(agent)
      seen[outcome] = (seen[outcome] ?? 0) + 1
      if (isTold || outcome !== '200') return
    }
  }
  function askOnce(agent: Agent): Promise<{ outcome: string; isTold: boolean }> {
    return new Promise((resolve) => {
      const options = { ...target, path, agent, method: 'POST', headers: headers() }
      const fail = (outcome: string) => resolve({ outcome, isTold: false })
      const outgoing = request(options, (incoming) => {
        const isTold = incoming.headers.connection === 'close'
        const outcome = String(incoming.statusCode)
        incoming.resume().on('end', () => resolve({ outcome, isTold }))
        incoming.on('error', () => fail('cut off'))
      })
      outgoing.on('error', (error: NodeJS.ErrnoException) => fail(String(error.code)))
      outgoing.end(body)
    })
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return seen
}

test('the signer answers all that it has taken', async () => {
  const { signer, socket, pairingDir } = await startSigner({ a: randomBytes(32) }, LINGER_MS)
  await signer.waitFor('listening')
  const headers = () => signHeaders(pairingDir, body)
  const asked = askUntilTold({ target: { socketPath: socket }, path: '/sign', headers })
  await sleep(LOAD_MS)
  signer.signal('SIGTERM')
  const { 200: signed, ...others } = await asked
  expect(signed).toBeGreaterThan(CLIENTS)
  expect(others).toEqual({})
  expect(await signer.exit).toBe(0)
})

test('the frontend answers all that it has taken', async () => {
  const { signer, socket, pairingDir } = await startSigner({ a: randomBytes(32) })
  await signer.waitFor('listening')
  const port = await bridgeToSocket(socket)
  const { frontend, url } = await startFrontend(port, makeFreshToken(), pairingDir, LINGER_MS)
  const target = { host: '127.0.0.1', port: Number(new URL(url).port) }
  const asked = askUntilTold({ target, path: '/process', headers: () => jsonType })
  await sleep(LOAD_MS)
  frontend.signal('SIGTERM')
  const { 200: signed, ...others } = await asked
  expect(signed).toBeGreaterThan(CLIENTS)
  expect(others).toEqual({})
  expect(await frontend.exit).toBe(0)
})
