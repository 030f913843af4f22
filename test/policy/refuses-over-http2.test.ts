// The same controls over HTTP/2, which other code reads: callers, paths, methods, and the special features of HTTP/2.
import { describe, expect, test } from 'vitest'
import type { Container } from '../../tools/verify/attack/containers.ts'
import type { Place } from '../../tools/verify/attack/probe.ts'
import {
  makeRequestId,
  signParts,
  tokenHeader,
  withCredentials,
} from '../../tools/verify/attack/requests.ts'
import {
  type Credentials,
  findTarget,
  SIGNER_IN_POD,
  stealCredentials,
} from '../../tools/verify/attack/target.ts'
import {
  nonMeshPod,
  otherAccountPod,
  otherNamespacePod,
  SIGNER_IN_MESH,
  sameAccountPod,
} from '../support/attack/attackers.ts'
import { testAttack, testAttackOnMesh } from '../support/attack/expectations.ts'
import type { H2Outcome, H2Request } from '../support/attack/h2-probe.ts'
import { namedPaths, unacceptablePaths } from '../support/attack/paths.ts'
import { sendH2From, toH2Request } from '../support/attack/send.ts'

type Case = { name: string; write: (stolen: Credentials) => H2Request }

/** A valid request with other pseudo-header fields, or with more headers. */
const withHeaders = (name: string, headers: Record<string, string>): Case => ({
  name,
  write: (stolen) => {
    const { headers: valid, body } = toH2Request(withCredentials(stolen))
    return { headers: { ...valid, ...headers }, body }
  },
})

const paths = [...namedPaths.map(({ sent }) => sent), ...unacceptablePaths]
const unusual: readonly Case[] = [
  ...paths.map((path) => withHeaders(`POST ${path}`, { ':path': path })),
  ...['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'post'].map((method) => ({
    name: `${method} /sign`,
    write: (stolen: Credentials) => toH2Request(withCredentials(stolen, { method, body: '' })),
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
const listNames = (cases: readonly Case[]) => cases.map(({ name }) => name)

/** Returns the status or the end of each case by its name. */
async function send(from: Container, place: Place, cases: readonly Case[], stolen: Credentials) {
  const requests = cases.map(({ write }) => write(stolen))
  const outcomes = await sendH2From(from, place, requests)
  return Object.fromEntries(
    cases.map(({ name }, index) => {
      const { status, end } = outcomes[index] as H2Outcome
      return [name, status === undefined ? end : String(status)]
    }),
  )
}

describe('with all credentials of the frontend, over HTTP/2', () => {
  const batch = testAttackOnMesh(async ({ podIP }, stolen) => {
    const valid = [toH2Request(withCredentials(stolen))]
    const [otherNamespace, otherAccount, nonMesh] = await Promise.all([
      send(otherNamespacePod, SIGNER_IN_MESH, unusual, stolen),
      send(otherAccountPod, SIGNER_IN_MESH, unusual, stolen),
      sendH2From(nonMeshPod, { host: podIP, port: 8081 }, valid),
    ])
    return { otherNamespace, otherAccount, nonMesh }
  })

  describe.each([
    { who: 'a mesh Pod in another namespace', sender: 'otherNamespace' },
    { who: 'a Pod with another ServiceAccount', sender: 'otherAccount' },
  ] as const)('$who', ({ sender }) => {
    const refusals = ['400', '403', '404', 'closed', 'ERR_HTTP2_STREAM_ERROR']
    test.each(listNames(unusual))('is refused: %s', (name) => {
      expect(refusals).toContain(batch().outcomes[sender][name])
    })
  })

  test('a Pod without a sidecar is cut off without an answer', () => {
    const [outcome] = batch().outcomes.nonMesh
    expect(outcome).toMatchObject({ body: '' })
    expect(outcome).not.toHaveProperty('status')
    expect(outcome?.end).not.toBe('timeout')
  })
})

describe('over HTTP/2', () => {
  const cases: readonly Case[] = [
    { name: 'nothing', write: () => toH2Request() },
    { name: 'no token', write: ({ pairing }) => toH2Request(signParts(pairing)) },
    { name: 'no pairing', write: ({ token }) => toH2Request({ headers: tokenHeader(token) }) },
    {
      name: "another path's pairing",
      write: (stolen) =>
        toH2Request({ ...withCredentials(stolen, { path: '/verify' }), path: '/sign' }),
    },
  ]
  const sameAccountId = makeRequestId()
  const batch = testAttack(async ({ frontend }, stolen) => {
    const headers = { ...tokenHeader(stolen.token), 'x-request-id': sameAccountId }
    return {
      byFrontend: await send(frontend, SIGNER_IN_POD, cases, stolen),
      bySameAccount: await sendH2From(sameAccountPod, SIGNER_IN_MESH, [toH2Request({ headers })]),
    }
  })
  test.each(listNames(cases))('the frontend is refused with %s', (name) => {
    expect(batch().outcomes.byFrontend[name]).toBe('403')
  })
  test("the signer refuses a Pod with the same ServiceAccount and the frontend's stolen token", () => {
    expect(batch().outcomes.bySameAccount).toMatchObject([{ status: 403 }])
    const reached = batch().reached.filter(({ request_id }) => request_id === sameAccountId)
    expect(reached.map(({ outcome }) => outcome)).toEqual(['pairing_refused'])
  })
  test('the frontend is served with all its credentials', async () => {
    const target = await findTarget()
    const request = toH2Request(withCredentials(await stealCredentials(target)))
    const [outcome] = await sendH2From(target.frontend, SIGNER_IN_POD, [request])
    expect(outcome?.status).toBe(200)
  })
})
