// The same locks over HTTP/2, where a request is read by other code: who asks, which path, which method, and what only
// HTTP/2 has.
import { beforeAll, describe, expect, test } from 'vitest'
import { type BatchResult, runBatch } from '../../tools/verify/attack/batch.ts'
import { type Container, sendH2From } from '../../tools/verify/attack/containers.ts'
import type { H2Outcome, H2Request } from '../../tools/verify/attack/h2-probe.ts'
import { bearer, signParts, toH2Request } from '../../tools/verify/attack/requests.ts'
import { type Credentials, SIGNER_IN_POD } from '../../tools/verify/attack/target.ts'
import {
  nonMeshPod,
  otherAccountPod,
  otherNamespacePod,
  SIGNER_IN_MESH,
  sameAccountPod,
} from '../support/attack/attackers.ts'
import { testControls, testNothingReached } from '../support/attack/expectations.ts'
import { namedPaths, unacceptablePaths } from '../support/attack/paths.ts'

type Case = { name: string; write: (stolen: Credentials) => H2Request }

const describeH2 = ({ status, end }: H2Outcome) => (status === undefined ? end : String(status))
const everything = ({ token, pairing }: Credentials) =>
  signParts(pairing, { headers: bearer(token) })
/** A good request with other pseudo-header fields, or with more headers. */
const withHeaders = (name: string, headers: Record<string, string>): Case => ({
  name,
  write: (stolen) => {
    const { headers: good, body } = toH2Request(everything(stolen))
    return { headers: { ...good, ...headers }, body }
  },
})

const paths = [...namedPaths.map(({ sent }) => sent), ...unacceptablePaths]
const strange: readonly Case[] = [
  ...paths.map((path) => withHeaders(`POST ${path}`, { ':path': path })),
  ...['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'post'].map((method) => ({
    name: `${method} /sign`,
    write: ({ token, pairing }: Credentials) =>
      toH2Request(signParts(pairing, { method, body: '', headers: bearer(token) })),
  })),
  withHeaders('another authority', { ':authority': 'signer.pod.internal' }),
  withHeaders('the scheme https', { ':scheme': 'https' }),
  withHeaders('an empty path', { ':path': '' }),
  withHeaders('a path with an authority', { ':path': 'http://localhost:8081/sign' }),
  withHeaders('the path *', { ':path': '*' }),
  withHeaders('a host that contradicts the authority', { host: 'other' }),
  withHeaders('forged identity headers', {
    'x-forwarded-client-cert': 'By=spiffe://cluster.local/x;URI=spiffe://cluster.local/ns/a/sa/b',
    'x-envoy-original-path': '/sign',
    'x-envoy-decorator-operation': 'sign',
    'x-envoy-internal': 'true',
  }),
  withHeaders('an extended CONNECT to a WebSocket', {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
  }),
]
const namesOf = (cases: readonly Case[]) => cases.map(({ name }) => name)

function send(
  container: Container,
  place: typeof SIGNER_IN_POD,
  cases: readonly Case[],
): Promise<BatchResult<Record<string, string>>> {
  return runBatch(async (_, stolen) => {
    const outcomes = await sendH2From(
      container,
      place,
      cases.map(({ write }) => write(stolen)),
    )
    return Object.fromEntries(
      cases.map(({ name }, index) => [name, describeH2(outcomes[index] as H2Outcome)]),
    )
  })
}

describe.each([
  { who: 'a stranger', attacker: otherNamespacePod },
  { who: 'a look-alike', attacker: otherAccountPod },
])('$who with all that the frontend has, over HTTP/2', ({ attacker }) => {
  let batch: BatchResult<Record<string, string>>
  beforeAll(async () => {
    batch = await send(attacker, SIGNER_IN_MESH, strange)
  })

  testControls(() => batch)
  testNothingReached(() => batch)
  test.each(namesOf(strange))('is refused: %s', (name) =>
    expect(['400', '403', '404', 'closed', 'ERR_HTTP2_STREAM_ERROR']).toContain(
      batch.outcomes[name],
    ),
  )
})

describe('the frontend over HTTP/2', () => {
  let batch: BatchResult<H2Outcome[]>
  const cases: readonly Case[] = [
    { name: 'nothing', write: () => toH2Request() },
    { name: 'no token', write: ({ pairing }) => toH2Request(signParts(pairing)) },
    { name: 'no pairing', write: ({ token }) => toH2Request({ headers: bearer(token) }) },
    {
      name: "another path's pairing",
      write: ({ token, pairing }) =>
        toH2Request({
          ...signParts(pairing, { path: '/verify', headers: bearer(token) }),
          path: '/sign',
        }),
    },
  ]
  beforeAll(async () => {
    batch = await runBatch(({ frontend }, stolen) =>
      sendH2From(
        frontend,
        SIGNER_IN_POD,
        cases.map(({ write }) => write(stolen)),
      ),
    )
  })

  testControls(() => batch)
  test.each(cases.map(({ name }, index) => ({ name, index })))(
    'is refused with $name',
    ({ index }) => expect(batch.outcomes[index]?.status).toBe(403),
  )
  test('is served with everything', async () => {
    await runBatch(async ({ frontend }, stolen) => {
      const [outcome] = await sendH2From(frontend, SIGNER_IN_POD, [toH2Request(everything(stolen))])
      expect(outcome?.status).toBe(200)
    })
  })
})

describe('a twin over HTTP/2', () => {
  let batch: BatchResult<Record<string, string>>
  const cases: readonly Case[] = [
    {
      name: "with the frontend's stolen token",
      write: ({ token }) => toH2Request({ headers: bearer(token) }),
    },
  ]
  beforeAll(async () => {
    batch = await send(sameAccountPod, SIGNER_IN_MESH, cases)
  })

  testControls(() => batch)
  test.each(namesOf(cases))('is refused by the signer: %s', (name) => {
    expect(batch.outcomes[name]).toBe('403')
    expect(batch.reached.map(({ outcome }) => outcome)).toEqual(['pairing_refused'])
  })
})

describe('a Pod without a sidecar, over HTTP/2', () => {
  let batch: BatchResult<H2Outcome[]>
  beforeAll(async () => {
    batch = await runBatch(({ podIP }, stolen) =>
      sendH2From(nonMeshPod, { host: podIP, port: 8081 }, [toH2Request(everything(stolen))]),
    )
  })

  testControls(() => batch)
  testNothingReached(() => batch)
  test('is cut off without an answer', () => {
    expect(batch.outcomes[0]).toMatchObject({ body: '' })
    expect(batch.outcomes[0]).not.toHaveProperty('status')
    expect(batch.outcomes[0]?.end).not.toBe('timeout')
  })
})
