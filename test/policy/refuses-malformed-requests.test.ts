// Attack 13: requests that the proxy and the signer might read differently, with a good request hidden in each.

import { beforeAll, describe, expect, test } from 'vitest'
import type { Container } from '../../tools/verify/attack/containers.ts'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import {
  bearer,
  makeRequestId,
  signParts,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { type Credentials, SIGNER_IN_POD } from '../../tools/verify/attack/target.ts'
import { otherNamespacePod, SIGNER_IN_MESH } from '../support/attack/attackers.ts'
import { type BatchResult, runBatch } from '../support/attack/batch.ts'
import { testServedAround } from '../support/attack/expectations.ts'
import { malformedRequests } from '../support/attack/malformed.ts'
import { sendFrom } from '../support/attack/send.ts'

const hiddenId = makeRequestId()

/** The outer request has all credentials. The hidden one lacks the token, which the proxy would check. */
function writeAll({ token, pairing }: Credentials): Record<string, string> {
  const { headers = {} } = signParts(pairing, { headers: bearer(token) })
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const hidden = writeRequest(signParts(pairing, { headers: { 'x-request-id': hiddenId } }))
  return Object.fromEntries(
    malformedRequests.map(({ name, write }) => [name, write(hidden, lines.join(''))]),
  )
}

const statusesOf = ({ received }: Outcome) =>
  [...received.matchAll(/HTTP\/1\.\d (\d{3}) /g)].map(([, status]) => status)

describe.each([
  {
    who: 'the frontend',
    choose: (frontend: Container) => frontend,
    place: SIGNER_IN_POD,
    tolerates: true,
  },
  {
    who: 'a mesh Pod in another namespace',
    choose: () => otherNamespacePod,
    place: SIGNER_IN_MESH,
    tolerates: false,
  },
])('$who, with a request hidden in a malformed one', ({ choose, place, tolerates }) => {
  let batch: BatchResult<Record<string, Outcome>>
  beforeAll(async () => {
    batch = await runBatch(({ frontend }, stolen) =>
      sendFrom(choose(frontend), place, writeAll(stolen)),
    )
  })

  testServedAround(() => batch)
  test('no hidden request was seen by the signer', () => {
    expect(batch.reached.filter(({ request_id }) => request_id === hiddenId)).toEqual([])
  })
  test('the signer has signed as often as it was said', () => {
    const served = Object.values(batch.outcomes).flatMap(statusesOf)
    expect(batch.signed).toBe(served.filter((status) => status === '200').length)
  })
  test.each(malformedRequests)('$name', ({ name, tolerated }) => {
    const [status = 'closed', ...more] = statusesOf(batch.outcomes[name] as Outcome)
    const refusals = ['400', '403', '426', '501', 'closed']
    expect(tolerated && tolerates ? [...refusals, '200'] : refusals).toContain(status)
    // Who reads two requests there has checked both.
    expect(status === '200' ? more : more.concat(status)).not.toContain('200')
  })
})
