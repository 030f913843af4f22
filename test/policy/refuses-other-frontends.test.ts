// Attacks 4 and 5: who has every right in the mesh, and is not this Pod's frontend. Here the signer itself refuses.
import { createSecretKey, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type BatchResult,
  describeOutcome,
  readCounter,
  runBatch,
} from '../../tools/verify/attack/batch.ts'
import { callIn, probeFrom } from '../../tools/verify/attack/containers.ts'
import { readSpiffeId } from '../../tools/verify/attack/forged-identity.ts'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import {
  bearer,
  type RequestParts,
  readJsonBody,
  signParts,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { type Credentials, SIGNER_IN_POD } from '../../tools/verify/attack/victim.ts'
import { twin, VICTIM_IN_MESH } from '../support/attack/attackers.ts'
import { testControls, testServedAround } from '../support/attack/expectations.ts'

type Attack = { name: string; parts: (stolen: Credentials) => RequestParts }

const anotherSecret = createSecretKey(randomBytes(32))
const other = '{"message":"other"}'

const asFrontend: readonly Attack[] = [
  { name: 'without a pairing signature', parts: () => ({}) },
  { name: 'with the secret of another Pod', parts: () => signParts(anotherSecret) },
  {
    name: "with another body's signature",
    parts: ({ pairing }) => ({ ...signParts(pairing), body: other }),
  },
  {
    name: "with another path's signature",
    parts: ({ pairing }) => ({ ...signParts(pairing, { path: '/verify' }), path: '/sign' }),
  },
  {
    name: 'with one that is two minutes old',
    parts: ({ pairing }) => signParts(pairing, {}, 120),
  },
  {
    name: 'with one of two minutes from now',
    parts: ({ pairing }) => signParts(pairing, {}, -120),
  },
  {
    name: 'with a digest alone',
    parts: ({ pairing }) => {
      const { headers = {} } = signParts(pairing)
      return { headers: { 'content-digest': headers['content-digest'] ?? '' } }
    },
  },
]

function testRefusals(names: readonly string[], load: () => BatchResult<Outcome[]>): void {
  testControls(load)
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
  let batch: BatchResult<Outcome[]>
  let counted: number

  beforeAll(async () => {
    batch = await runBatch(async (victim, stolen) => {
      const probes = asFrontend.map(({ parts }) => {
        const { headers, ...rest } = parts(stolen)
        const bytes = writeRequest({ ...rest, headers: { ...headers, ...bearer(stolen.token) } })
        return { ...SIGNER_IN_POD, bytes }
      })
      const refusals = [
        'http_request_duration_seconds_count',
        'method="POST",route="/sign",status="403"',
      ] as const
      // The first has made the counter.
      const first = await probeFrom(victim.frontend, probes.slice(0, 1))
      const before = await readCounter(victim, ...refusals)
      const others = await probeFrom(victim.frontend, probes.slice(1))
      counted = (await readCounter(victim, ...refusals)) - before
      return [...first, ...others]
    })
  })

  test('each is counted', () => expect(counted).toBe(asFrontend.length - 1))

  testRefusals(
    asFrontend.map(({ name }) => name),
    () => batch,
  )
})

describe('a twin: another Pod with the same ServiceAccount', () => {
  let batch: BatchResult<Outcome[]>
  const names = [
    'its own token',
    "the frontend's stolen token",
    'its own token and a secret of its own',
  ]

  beforeAll(async () => {
    const own = await callIn<string>(
      twin,
      'tools/verify/attack/token-file.ts',
      'readToken',
      '/run/identity/token',
    )
    batch = await runBatch((_, { token }) => {
      const requests = [
        { headers: bearer(own) },
        { headers: bearer(token) },
        signParts(anotherSecret, { headers: bearer(own) }),
      ]
      return probeFrom(
        twin,
        requests.map((parts) => ({ host: VICTIM_IN_MESH, port: 8081, bytes: writeRequest(parts) })),
      )
    })
  })

  testRefusals(names, () => batch)
})

// A residual risk of docs/security-model.md: it takes the frontend, and the right to make such a Pod.
describe('a twin that was given the pairing secret', () => {
  let batch: BatchResult<Outcome[]>

  beforeAll(async () => {
    const own = await callIn<string>(
      twin,
      'tools/verify/attack/token-file.ts',
      'readToken',
      '/run/identity/token',
    )
    batch = await runBatch((_, { pairing }) => {
      const bytes = writeRequest(signParts(pairing, { headers: bearer(own) }))
      return probeFrom(twin, [{ host: VICTIM_IN_MESH, port: 8081, bytes }])
    })
  })

  testServedAround(() => batch)
  test('is served, and its line in the audit log can not be told from the frontend’s', async () => {
    expect(batch.outcomes.map(describeOutcome)).toEqual(['200'])
    expect(batch.signed).toBe(1)
    expect(batch.reached).toMatchObject([{ outcome: 'signed', caller: await readSpiffeId() }])
  })
})
