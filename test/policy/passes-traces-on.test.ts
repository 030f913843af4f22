// The trace of a public request reaches the signer's audit line. A malformed one is dropped, and the message is signed.
import { beforeAll, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../signer/audit-log.ts'
import { readAuditLog } from '../../tools/verify/attack/audited-requests.ts'
import { probeFrom } from '../../tools/verify/attack/containers.ts'
import { withGateway } from '../../tools/verify/attack/gateway.ts'
import { makeRequestId, readStatus, writeRequest } from '../../tools/verify/attack/requests.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { LOG_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { TRACES_STARTED } from '../support/allowed-skips.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${traceId}-00f067aa0ba902b7-00`

const cases: readonly [title: string, headers: Record<string, string>, expected?: string][] = [
  ['names no trace without one', {}],
  ['names the trace', { traceparent, tracestate: 'rojo=1' }, traceId],
  ['names no trace of zeros', { traceparent: traceparent.replace(traceId, '0'.repeat(32)) }],
  ['names no trace in capitals', { traceparent: traceparent.toUpperCase() }],
  ['names no trace with more behind it', { traceparent: `${traceparent}-hunter2` }],
  ['names the trace again', { traceparent }, traceId],
]

/** Sends `POST /process` through the gateway. Returns the status and request id of each answer. */
async function sendThroughGateway(all: readonly Record<string, string>[]) {
  return withGateway(async (place) => {
    const probes = all.map((headers) => {
      const sent = { 'x-request-id': makeRequestId(), ...headers }
      const parts = { host: place.host, path: '/process', headers: sent }
      return { ...place, bytes: writeRequest(parts) }
    })
    const outcomes = await probeFrom('here', probes)
    // A gateway may have put an id of its own in the place of ours.
    return outcomes.map(({ received }) => ({
      status: readStatus(received),
      requestId: /^x-request-id: *(\S+)/im.exec(received)?.[1],
    }))
  })
}

describe('of a request through the gateway, the audit line', () => {
  let answers: Awaited<ReturnType<typeof sendThroughGateway>>
  let entries: AuditEntry[]

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
