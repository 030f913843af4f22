// Attack 8: the world, through the ingress gateway. One method, one path.
import { beforeAll, describe, expect, test } from 'vitest'
import { withGatewayUrl } from '../../tools/kube/gateway-url.ts'
import { findIngressGateway } from '../../tools/kube/ingress-gateway.ts'
import { type BatchResult, describeOutcome, runBatch } from '../../tools/verify/attack/batch.ts'
import { probeFrom } from '../../tools/verify/attack/containers.ts'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import {
  bearer,
  type RequestParts,
  signParts,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { testControls, testNothingReached } from '../support/attack/expectations.ts'

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
      const { hostname: host, port } = new URL(url)
      const send = (all: readonly RequestParts[]) =>
        probeFrom(
          'here',
          all.map((parts) => {
            return { host, port: Number(port || 80), bytes: writeRequest({ host, ...parts }) }
          }),
        )
      batch = await runBatch((_, { token, pairing }) =>
        send(attacks.map(({ parts }) => signParts(pairing, parts(token)))),
      )
      const [outcome] = await send([{ path: '/process' }])
      process_ = outcome as Outcome
    })
  })

  testControls(() => batch)
  testNothingReached(() => batch)
  test('may have a message processed', () => expect(describeOutcome(process_)).toBe('200'))
  test.each(attacks.map(({ name }, index) => ({ name, index })))('is refused: $name', ({ index }) =>
    expect(['400', '403', '404']).toContain(describeOutcome(batch.outcomes[index] as Outcome)),
  )
})
