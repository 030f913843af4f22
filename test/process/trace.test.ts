// A trace reaches the signer's audit line from the frontend's caller. Both services run as separate processes.
import { createHmac, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { expect, test, vi } from 'vitest'
import { makeFreshToken } from '../support/services/caller-token.ts'
import { bridgeToSocket, listenOnLoopback } from '../support/services/http.ts'
import { jsonType, startFrontend, startSigner } from '../support/services/services.ts'
import { PROCESS_TEST_MS } from '../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
const tracestate = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'
const none = { traceparent: undefined, tracestate: undefined }

async function process(url: string, headers: Record<string, string>) {
  const init = { method: 'POST', headers: { ...jsonType, ...headers }, body: '{"message":"hello"}' }
  const response = await fetch(`${url}/process`, init)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

test.each<[string, Record<string, string>, string | undefined]>([
  ['has the trace id', { traceparent, tracestate }, traceId],
  ['has no trace id without a traceparent', {}, undefined],
  [
    'has no trace id of a malformed traceparent',
    { traceparent: traceparent.toUpperCase() },
    undefined,
  ],
  [
    'has no trace id of a traceparent of 5 kB',
    { traceparent: `${traceparent}${'a'.repeat(5_000)}` },
    undefined,
  ],
])('the audit line %s, and the signer signs the message', async (_, headers, expected) => {
  const key = randomBytes(32)
  const { signer, socket, pairingDir } = await startSigner({ a: key })
  await signer.waitFor('listening')
  const { url } = await startFrontend(await bridgeToSocket(socket), makeFreshToken(), pairingDir)
  const { status, body } = await process(url, headers)
  const signature = createHmac('sha256', key).update('HELLO').digest('hex')
  expect([status, body.signature]).toEqual([200, signature])
  expect((await signer.waitFor('audit')).trace_id).toBe(expected)
})

test.each<[string, Record<string, string>, object]>([
  ['both headers', { traceparent, tracestate }, { traceparent, tracestate }],
  ['no header if traceparent is malformed', { traceparent: `${traceparent}-`, tracestate }, none],
  ['no tracestate alone', { tracestate }, none],
  [
    'no tracestate of 5 kB',
    { traceparent, tracestate: `a=${'b'.repeat(5_000)}` },
    { traceparent, tracestate: undefined },
  ],
])('the signer receives %s', async (_, headers, expected) => {
  const seen: object[] = []
  const signer = createServer(({ headers: { traceparent, tracestate } }, outgoing) => {
    seen.push({ traceparent, tracestate })
    outgoing.writeHead(503).end()
  })
  const { url, frontend } = await startFrontend(await listenOnLoopback(signer), makeFreshToken())
  expect((await process(url, headers)).status).toBe(503)
  expect(seen).toEqual([expected])
  // The frontend's own log line has the same trace id.
  const wanted = JSON.stringify(expected).includes(traceId) ? traceId : undefined
  expect((await frontend.waitFor('request_failed')).trace_id).toBe(wanted)
})
