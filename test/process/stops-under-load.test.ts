// SIGTERM under load: the services answer every request that they accept, send `connection: close`, and exit with 0.
import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { expect, test, vi } from 'vitest'
import { makeFreshToken } from '../support/services/caller-token.ts'
import { bridgeToSocket } from '../support/services/http.ts'
import { jsonType, signHeaders, startFrontend, startSigner } from '../support/services/services.ts'
import { PROCESS_TEST_MS, START_MS } from '../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const CLIENTS = 16
const SHUTDOWN_DELAY_MS = 500
const body = '{"message":"a"}'

type Target = { socketPath: string } | { port: number; host: string }
type Load = { target: Target; path: string; headers: () => Record<string, string> }

/**
 * Sends requests on kept connections until each client receives `connection: close` or an error. `seen` counts the
 * outcomes so far. `underLoad` resolves when each client has two answers on average.
 */
function startLoad({ target, path, headers }: Load) {
  const seen: Record<string, number> = {}
  const runClient = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (;;) {
      const { outcome, isLast } = await send(agent)
      seen[outcome] = (seen[outcome] ?? 0) + 1
      if (isLast || outcome !== '200') return
    }
  }
  function send(agent: Agent): Promise<{ outcome: string; isLast: boolean }> {
    return new Promise((resolve) => {
      const options = { ...target, path, agent, method: 'POST', headers: headers() }
      const fail = (outcome: string) => resolve({ outcome, isLast: false })
      const outgoing = request(options, (incoming) => {
        const isLast = incoming.headers.connection === 'close'
        const outcome = String(incoming.statusCode)
        incoming.resume().on('end', () => resolve({ outcome, isLast }))
        incoming.on('error', () => fail('cut off'))
      })
      outgoing.on('error', (error: NodeJS.ErrnoException) => fail(String(error.code)))
      outgoing.end(body)
    })
  }
  const finished = Promise.all(Array.from({ length: CLIENTS }, runClient))
  const underLoad = vi.waitFor(() => expect(seen['200']).toBeGreaterThan(2 * CLIENTS), START_MS)
  return { seen, finished, underLoad }
}

test('the signer answers every request that it accepts', async () => {
  const { signer, socket, pairingDir } = await startSigner(
    { a: randomBytes(32) },
    SHUTDOWN_DELAY_MS,
  )
  await signer.waitFor('listening')
  const headers = () => signHeaders(pairingDir, body)
  const load = startLoad({ target: { socketPath: socket }, path: '/sign', headers })
  await load.underLoad
  signer.signal('SIGTERM')
  await load.finished
  expect(Object.keys(load.seen)).toEqual(['200'])
  expect(await signer.exit).toBe(0)
})

test('the frontend answers every request that it accepts', async () => {
  const { signer, socket, pairingDir } = await startSigner({ a: randomBytes(32) })
  await signer.waitFor('listening')
  const port = await bridgeToSocket(socket)
  const token = makeFreshToken()
  const { frontend, url } = await startFrontend(port, token, pairingDir, SHUTDOWN_DELAY_MS)
  const target = { host: '127.0.0.1', port: Number(new URL(url).port) }
  const load = startLoad({ target, path: '/process', headers: () => jsonType })
  await load.underLoad
  frontend.signal('SIGTERM')
  await load.finished
  expect(Object.keys(load.seen)).toEqual(['200'])
  expect(await frontend.exit).toBe(0)
})
