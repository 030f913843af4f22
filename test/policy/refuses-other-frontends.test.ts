// Attacks 4 and 5: who has every right in the mesh, and is not this Pod's frontend. Here the signer itself refuses.

import { createSecretKey, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { probeFrom } from '../../tools/verify/attack/containers.ts'
import { readCounter } from '../../tools/verify/attack/counters.ts'
import { readSpiffeId } from '../../tools/verify/attack/forged-identity.ts'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import {
  bearer,
  describeOutcome,
  type RequestParts,
  readJsonBody,
  signParts,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { type Credentials, readOwnToken, SIGNER_IN_POD } from '../../tools/verify/attack/target.ts'
import { SIGNER_IN_MESH, sameAccountPod } from '../support/attack/attackers.ts'
import { type BatchResult, runBatch } from '../support/attack/batch.ts'
import { testAttack, testServedAround } from '../support/attack/expectations.ts'

const anotherSecret = createSecretKey(randomBytes(32))
const asFrontend: Record<string, (stolen: Credentials) => RequestParts> = {
  'without a pairing signature': () => ({}),
  'with the secret of another Pod': () => signParts(anotherSecret),
  "with another body's signature": ({ pairing }) => ({
    ...signParts(pairing),
    body: '{"message":"other"}',
  }),
  "with another path's signature": ({ pairing }) => ({
    ...signParts(pairing, { path: '/verify' }),
    path: '/sign',
  }),
  'with one that is two minutes old': ({ pairing }) => signParts(pairing, {}, 120),
  'with one of two minutes from now': ({ pairing }) => signParts(pairing, {}, -120),
  'with a digest alone': ({ pairing }) => {
    const { headers = {} } = signParts(pairing)
    return { headers: { 'content-digest': headers['content-digest'] ?? '' } }
  },
}

function testRefusals(
  names: readonly string[],
  attack: Parameters<typeof testAttack<Outcome[]>>[0],
) {
  const load = testAttack(attack)
  test.each(names.map((name, index) => ({ name, index })))(
    'is refused by the signer: $name',
    ({ index }) => {
      const outcome = load().outcomes[index] as Outcome
      expect(describeOutcome(outcome)).toBe('403')
      expect(readJsonBody(outcome.received)).toMatchObject({ code: 'pairing_refused' })
    },
  )
  test('and the mesh had let it through', () => {
    expect(load().reached.map(({ outcome }) => outcome)).toEqual(names.map(() => 'pairing_refused'))
  })
}

describe('the frontend container, with its own token', () => {
  let counted: number
  testRefusals(Object.keys(asFrontend), async (target, stolen) => {
    const probes = Object.values(asFrontend).map((write) => {
      const { headers, ...rest } = write(stolen)
      const bytes = writeRequest({ ...rest, headers: { ...headers, ...bearer(stolen.token) } })
      return { ...SIGNER_IN_POD, bytes }
    })
    const labels = 'method="POST",route="/sign",status="403"'
    const count = () => readCounter(target, 'http_request_duration_seconds_count', labels)
    // The first has made the counter.
    const first = await probeFrom(target.frontend, probes.slice(0, 1))
    const before = await count()
    const others = await probeFrom(target.frontend, probes.slice(1))
    counted = (await count()) - before
    return [...first, ...others]
  })
  test('each is counted', () => expect(counted).toBe(Object.keys(asFrontend).length - 1))
})

describe('another Pod with the same ServiceAccount', () => {
  const names = [
    'its own token',
    "the frontend's stolen token",
    'its own token and a secret of its own',
  ]
  testRefusals(names, async (_, { token }) => {
    const own = await readOwnToken(sameAccountPod)
    const requests = [
      { headers: bearer(own) },
      { headers: bearer(token) },
      signParts(anotherSecret, { headers: bearer(own) }),
    ]
    const probes = requests.map((parts) => ({ ...SIGNER_IN_MESH, bytes: writeRequest(parts) }))
    return probeFrom(sameAccountPod, probes)
  })
})

// A residual risk of docs/security-model.md: it takes the frontend, and the right to make such a Pod.
describe('another Pod with the same ServiceAccount and the pairing secret', () => {
  let batch: BatchResult<Outcome[]>

  beforeAll(async () => {
    const own = await readOwnToken(sameAccountPod)
    batch = await runBatch((_, { pairing }) => {
      const bytes = writeRequest(signParts(pairing, { headers: bearer(own) }))
      return probeFrom(sameAccountPod, [{ ...SIGNER_IN_MESH, bytes }])
    })
  })

  testServedAround(() => batch)
  test('is served, and its line in the audit log can not be told from the frontend’s', async () => {
    expect(batch.outcomes.map(describeOutcome)).toEqual(['200'])
    expect(batch.signed).toBe(1)
    expect(batch.reached).toMatchObject([{ outcome: 'signed', caller: await readSpiffeId() }])
  })
})
