// Attack 8: the world, through the ingress gateway. One method, one path.
import { beforeAll, describe, expect, test } from 'vitest'
import { withGatewayUrl } from '../../deploy/gateway-url.ts'
import { findIngressGateway } from '../../deploy/ingress-gateway.ts'
import { type BatchResult, describeOutcome, runBatch } from './support/batch.ts'
import { testControls, testNothingReached } from './support/expectations.ts'
import { type Outcome, runProbe } from './support/probe.ts'
import { bearer, type RequestParts, signParts, writeRequest } from './support/requests.ts'
import { PROBE_MS } from './support/timeouts.ts'

type Attack = { name: string; parts: (token: string) => RequestParts }

const attacks: readonly Attack[] = [
  { name: 'POST /sign', parts: () => ({ path: '/sign' }) },
  { name: 'POST /sign with a stolen token', parts: (token) => ({ headers: bearer(token) }) },
  { name: 'POST /sign/batch', parts: () => ({ path: '/sign/batch' }) },
  { name: 'POST /verify', parts: () => ({ path: '/verify' }) },
  { name: 'GET /keys', parts: () => ({ method: 'GET', path: '/keys' }) },
  { name: 'GET /metrics', parts: () => ({ method: 'GET', path: '/metrics' }) },
  { name: 'GET /healthz', parts: () => ({ method: 'GET', path: '/healthz' }) },
  { name: 'GET /readyz', parts: () => ({ method: 'GET', path: '/readyz' }) },
  { name: 'GET /process', parts: () => ({ method: 'GET', path: '/process' }) },
  { name: 'PUT /process', parts: () => ({ method: 'PUT', path: '/process' }) },
  { name: 'POST /', parts: () => ({ path: '/' }) },
  { name: 'POST /process/', parts: () => ({ path: '/process/' }) },
  { name: 'POST /process/../sign', parts: () => ({ path: '/process/../sign' }) },
  { name: 'POST /process%2f..%2fsign', parts: () => ({ path: '/process%2f..%2fsign' }) },
  ...['signer', 'signer.pod.internal', 'signing-pod:8081', 'localhost:8081'].map((host) => ({
    name: `POST /sign for Host: ${host}`,
    parts: (token: string) => ({ host, headers: bearer(token) }),
  })),
]

describe('the world, through the ingress gateway', () => {
  let batch: BatchResult<Outcome[]>
  let process_: Outcome

  beforeAll(async () => {
    const gateway = await findIngressGateway(process.env.GATEWAY_SELECTOR || undefined)
    await withGatewayUrl(gateway, process.env.GATEWAY_URL, async ({ url }) => {
      const { hostname, port } = new URL(url)
      const send = (parts: RequestParts) =>
        runProbe(
          {
            host: hostname,
            port: Number(port || 80),
            bytes: writeRequest({ host: hostname, ...parts }),
          },
          PROBE_MS,
        )
      batch = await runBatch((_, { token, pairing }) =>
        Promise.all(attacks.map(({ parts }) => send(signParts(pairing, parts(token))))),
      )
      process_ = await send({ path: '/process' })
    })
  })

  testControls(() => batch)
  testNothingReached(() => batch)
  test('may have a message processed', () => expect(describeOutcome(process_)).toBe('200'))
  test.each(attacks.map(({ name }, index) => ({ name, index })))('is refused: $name', ({ index }) =>
    expect(['400', '403', '404']).toContain(describeOutcome(batch.outcomes[index] as Outcome)),
  )
})
