// The controls hold over HTTP/2: other Pods, paths, methods and pseudo-headers.
import { describe, expect, test } from 'vitest'
import type { Container } from '../../tools/verify/attack/containers.ts'
import type { Place } from '../../tools/verify/attack/probe.ts'
import { bearer, signParts } from '../../tools/verify/attack/requests.ts'
import { type Credentials, SIGNER_IN_POD } from '../../tools/verify/attack/target.ts'
import {
  nonMeshPod,
  otherAccountPod,
  otherNamespacePod,
  SIGNER_IN_MESH,
  sameAccountPod,
} from '../support/attack/attackers.ts'
import { runBatch } from '../support/attack/batch.ts'
import { testAttack, testAttackOnMesh } from '../support/attack/expectations.ts'
import type { H2Outcome, H2Request } from '../support/attack/h2-probe.ts'
import { namedPaths, unacceptablePaths } from '../support/attack/paths.ts'
import { sendH2From, toH2Request } from '../support/attack/send.ts'

type Case = { name: string; write: (stolen: Credentials) => H2Request }

const describeH2 = ({ status, end }: H2Outcome) => (status === undefined ? end : String(status))
const everything = ({ token, pairing }: Credentials) =>
  signParts(pairing, { headers: bearer(token) })
/** A valid request with other pseudo-headers, or with more headers. */
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

async function send(from: Container, place: Place, cases: readonly Case[], stolen: Credentials) {
  const requests = cases.map(({ write }) => write(stolen))
  const outcomes = await sendH2From(from, place, requests)
  return Object.fromEntries(
    cases.map(({ name }, index) => [name, describeH2(outcomes[index] as H2Outcome)]),
  )
}

describe.each([
  { who: 'a mesh Pod in another namespace', attacker: otherNamespacePod },
  { who: 'a Pod with another ServiceAccount', attacker: otherAccountPod },
])('$who with all that the frontend has, over HTTP/2', ({ attacker }) => {
  const batch = testAttackOnMesh((_, stolen) => send(attacker, SIGNER_IN_MESH, strange, stolen))
  const refusals = ['400', '403', '404', 'closed', 'ERR_HTTP2_STREAM_ERROR']
  test.each(namesOf(strange))('is refused: %s', (name) =>
    expect(refusals).toContain(batch().outcomes[name]),
  )
})

describe('the frontend over HTTP/2', () => {
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
  const batch = testAttack(({ frontend }, stolen) => send(frontend, SIGNER_IN_POD, cases, stolen))
  test.each(namesOf(cases))('is refused with %s', (name) =>
    expect(batch().outcomes[name]).toBe('403'),
  )
  test('is served with everything', async () => {
    await runBatch(async ({ frontend }, stolen) => {
      const [outcome] = await sendH2From(frontend, SIGNER_IN_POD, [toH2Request(everything(stolen))])
      expect(outcome?.status).toBe(200)
    })
  })
})

describe('a Pod with the same ServiceAccount over HTTP/2', () => {
  const batch = testAttack((_, { token }) =>
    sendH2From(sameAccountPod, SIGNER_IN_MESH, [toH2Request({ headers: bearer(token) })]),
  )
  test("is refused by the signer: with the frontend's stolen token", () => {
    expect(batch().outcomes).toMatchObject([{ status: 403 }])
    expect(batch().reached.map(({ outcome }) => outcome)).toEqual(['pairing_refused'])
  })
})

describe('a Pod without a sidecar, over HTTP/2', () => {
  const batch = testAttackOnMesh<H2Outcome[]>(({ podIP }, stolen) =>
    sendH2From(nonMeshPod, { host: podIP, port: 8081 }, [toH2Request(everything(stolen))]),
  )

  test('is cut off without an answer', () => {
    expect(batch().outcomes[0]).toMatchObject({ body: '' })
    expect(batch().outcomes[0]).not.toHaveProperty('status')
    expect(batch().outcomes[0]?.end).not.toBe('timeout')
  })
})
