// Attacks 4 and 5: callers that the mesh allows, but that are not the frontend of this Pod. The signer refuses them.
import { createSecretKey, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { serviceAccount } from '../../tools/kube/names.ts'
import { readCounter } from '../../tools/verify/attack/counters.ts'
import { readSpiffeId } from '../../tools/verify/attack/forged-identity.ts'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import {
  describeOutcome,
  type RequestParts,
  readJsonBody,
  signParts,
  tokenHeader,
  withCredentials,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { type Credentials, SIGNER_IN_POD } from '../../tools/verify/attack/target.ts'
import { issueToken } from '../../tools/verify/attack/tokens.ts'
import { SIGNER_IN_MESH, sameAccountPod } from '../support/attack/attackers.ts'
import { type BatchResult, runBatch } from '../support/attack/batch.ts'
import { testAttack, testServedAround } from '../support/attack/expectations.ts'
import { type Outcomes, send, sendAll } from '../support/attack/send.ts'

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
  'with a signature from two minutes ago': ({ pairing }) => signParts(pairing, {}, 120),
  'with a signature from two minutes ahead': ({ pairing }) => signParts(pairing, {}, -120),
  'with only a digest': ({ pairing }) => {
    const { headers = {} } = signParts(pairing)
    return { headers: { 'content-digest': headers['content-digest'] ?? '' } }
  },
}

function testRefusals(
  names: readonly string[],
  attack: Parameters<typeof testAttack<Outcomes>>[0],
): void {
  const load = testAttack(attack)
  test.each(names)('is refused by the signer: %s', (name) => {
    const outcome = load().outcomes[name] as Outcome
    expect(describeOutcome(outcome)).toBe('403')
    expect(readJsonBody(outcome.received)).toMatchObject({ code: 'pairing_refused' })
  })
  test('the mesh lets each request through', () => {
    expect(load().reached.map(({ outcome }) => outcome)).toEqual(names.map(() => 'pairing_refused'))
  })
}

describe('the frontend container, with its own token', () => {
  let counted: number
  testRefusals(Object.keys(asFrontend), async (target, stolen) => {
    const requests = Object.entries(asFrontend).map(([name, write]) => {
      const { headers, ...rest } = write(stolen)
      return [
        name,
        writeRequest({ ...rest, headers: { ...headers, ...tokenHeader(stolen.token) } }),
      ]
    })
    const labels = 'method="POST",route="/sign",status="403"'
    const count = () => readCounter(target, 'http_request_duration_seconds_count', labels)
    const sendSome = (some: typeof requests) =>
      sendAll(target.frontend, SIGNER_IN_POD, Object.fromEntries(some))
    // The counter exists after the first request.
    const first = await sendSome(requests.slice(0, 1))
    const before = await count()
    const others = await sendSome(requests.slice(1))
    counted = (await count()) - before
    return { ...first, ...others }
  })
  test('each request is counted', () => {
    expect(counted).toBe(Object.keys(asFrontend).length - 1)
  })
})

describe('another Pod with the same ServiceAccount', () => {
  const bySameAccount: Record<string, (own: string, stolen: string) => RequestParts> = {
    'its own token': (own) => ({ headers: tokenHeader(own) }),
    "the frontend's stolen token": (_, stolen) => ({ headers: tokenHeader(stolen) }),
    'its own token and its own pairing secret': (own) =>
      signParts(anotherSecret, { headers: tokenHeader(own) }),
  }
  testRefusals(Object.keys(bySameAccount), async (_, { token }) => {
    const own = await issueToken(serviceAccount, 'signer')
    const requests = Object.entries(bySameAccount).map(([name, parts]) => {
      return [name, writeRequest(parts(own, token))]
    })
    return sendAll(sameAccountPod, SIGNER_IN_MESH, Object.fromEntries(requests))
  })
})

// A residual risk of docs/security-model.md. It takes a compromised frontend, and the right to create such a Pod.
describe('another Pod with the same ServiceAccount and the pairing secret', () => {
  let batch: BatchResult<Awaited<ReturnType<typeof send>>>

  beforeAll(async () => {
    const token = await issueToken(serviceAccount, 'signer')
    batch = await runBatch((_, { pairing }) =>
      send(sameAccountPod, SIGNER_IN_MESH, withCredentials({ token, pairing })),
    )
  })

  testServedAround(() => batch)
  test('is served, and its audit line equals that of the frontend', async () => {
    expect(batch.outcomes.status).toBe(200)
    expect(batch.signed).toBe(1)
    expect(batch.reached).toMatchObject([{ outcome: 'signed', caller: await readSpiffeId() }])
  })
})
