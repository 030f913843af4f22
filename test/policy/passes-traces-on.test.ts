// The signer's audit line has the trace id of a public client, which passes the gateway, the frontend and both proxies. A
// malformed trace id is dropped, and the message is still signed.
import { beforeAll, describe, expect, test } from 'vitest'
import { type Audited, readAuditLog } from '../../tools/verify/attack/audited-requests.ts'
import { withGateway } from '../../tools/verify/attack/gateway.ts'
import { makeRequestId } from '../../tools/verify/attack/requests.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { LOG_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { TRACES_STARTED } from '../support/allowed-skips.ts'
import { send } from '../support/attack/send.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${traceId}-00f067aa0ba902b7-00`

const cases: readonly [title: string, headers: Record<string, string>, expected?: string][] = [
  ['has no trace id without a traceparent', {}],
  ['has the trace id', { traceparent, tracestate: 'rojo=1' }, traceId],
  ['has no trace id of zeros', { traceparent: traceparent.replace(traceId, '0'.repeat(32)) }],
  ['has no trace id in capitals', { traceparent: traceparent.toUpperCase() }],
  ['has no trace id with a suffix', { traceparent: `${traceparent}-hunter2` }],
  ['has the trace id again', { traceparent }, traceId],
]

/** Sends `POST /process` through the gateway. Returns each status, and the request id of the answer. */
function sendThroughGateway(all: readonly Record<string, string>[]) {
  return withGateway((place) =>
    Promise.all(
      all.map(async (more) => {
        const headers = { 'x-request-id': makeRequestId(), ...more }
        const parts = { host: place.host, path: '/process', headers }
        const { status, received } = await send('here', place, parts)
        // A gateway may replace the request id.
        return { status, requestId: /^x-request-id: *(\S+)/im.exec(received)?.[1] }
      }),
    ),
  )
}

describe('the audit line of a request through the gateway', () => {
  let answers: Awaited<ReturnType<typeof sendThroughGateway>>
  let entries: Audited[]

  beforeAll(async () => {
    const start = new Date()
    answers = await sendThroughGateway(cases.map(([, headers]) => headers))
    const target = await findTarget('any')
    entries = await waitFor(
      async () => {
        const all = await readAuditLog(target, start)
        const found = answers.flatMap(
          ({ requestId: id }) => all.find((each) => each.request_id === id) ?? [],
        )
        return found.length === answers.length ? found : undefined
      },
      LOG_MS,
      () => `the audit log lacks one of ${JSON.stringify(answers)}`,
    )
  })

  test.for(cases.map(([title, , expected], index) => ({ title, expected, index })))(
    '$title, and the message is signed',
    ({ expected, index }, { skip }) => {
      expect(answers[index]?.status).toBe(200)
      const isStarted = entries[0]?.trace_id !== undefined
      skip(isStarted && expected === undefined, TRACES_STARTED)
      expect(entries[index]).toMatchObject({ outcome: 'signed', count: 1 })
      expect(entries[index]?.trace_id).toBe(expected)
      expect(JSON.stringify(entries)).not.toContain('hunter2')
    },
  )
})
