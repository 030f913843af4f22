// Attack 13: requests that the proxy and the signer may read differently. Each hides a second request.
import { beforeAll, describe, expect, test } from 'vitest'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import {
  makeRequestId,
  signParts,
  withCredentials,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { type Credentials, SIGNER_IN_POD } from '../../tools/verify/attack/target.ts'
import { otherNamespacePod, SIGNER_IN_MESH } from '../support/attack/attackers.ts'
import { type BatchResult, runBatch } from '../support/attack/batch.ts'
import { testServedAround } from '../support/attack/expectations.ts'
import { malformedRequests } from '../support/attack/malformed.ts'
import { type Outcomes, sendAll } from '../support/attack/send.ts'

const hiddenId = makeRequestId()

/** The outer request has all credentials of the frontend. The hidden one lacks the token, so the proxy would refuse it. */
function writeAll(stolen: Credentials): Record<string, string> {
  const { headers = {} } = withCredentials(stolen)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const hidden = writeRequest(signParts(stolen.pairing, { headers: { 'x-request-id': hiddenId } }))
  return Object.fromEntries(
    malformedRequests.map(([name, write]) => [name, write(hidden, lines.join(''))]),
  )
}

const listStatuses = ({ received }: Outcome) =>
  [...received.matchAll(/HTTP\/1\.\d (\d{3}) /g)].map(([, status]) => status)

let batch: BatchResult<Outcomes[]>
beforeAll(async () => {
  batch = await runBatch(({ frontend }, stolen) =>
    Promise.all([
      sendAll(frontend, SIGNER_IN_POD, writeAll(stolen)),
      sendAll(otherNamespacePod, SIGNER_IN_MESH, writeAll(stolen)),
    ]),
  )
})

testServedAround(() => batch)
test('no hidden request reaches the signer', () => {
  expect(batch.reached.filter(({ request_id }) => request_id === hiddenId)).toEqual([])
})
test('the signer signs only what is answered with 200', () => {
  const served = batch.outcomes.flatMap(Object.values).flatMap(listStatuses)
  expect(batch.signed).toBe(served.filter((status) => status === '200').length)
})

describe.each([
  { who: 'the frontend', index: 0, tolerates: true },
  { who: 'a mesh Pod in another namespace', index: 1, tolerates: false },
])('a request of $who is refused or read as one request', ({ index, tolerates }) => {
  const cases = malformedRequests.map(([name, , tolerated]) => ({ name, tolerated }))
  test.each(cases)('$name', ({ name, tolerated }) => {
    const outcome = batch.outcomes[index]?.[name] as Outcome
    const [status = 'closed', ...more] = listStatuses(outcome)
    const refusals = ['400', '403', '426', '501', 'closed']
    expect(tolerated && tolerates ? [...refusals, '200'] : refusals).toContain(status)
    // A proxy that reads two requests checks both, and only one has a token.
    expect(status === '200' ? more : more.concat(status)).not.toContain('200')
  })
})
