// Attack 8: public clients reach one method and one path through the ingress gateway.
import { describe, expect, test } from 'vitest'
import { probeFrom } from '../../tools/verify/attack/containers.ts'
import { withGateway } from '../../tools/verify/attack/gateway.ts'
import {
  bearer,
  type RequestParts,
  readStatus,
  signParts,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { testAttackOnMesh, testOutcomes } from '../support/attack/expectations.ts'
import { sendFrom } from '../support/attack/send.ts'

/** Requests by name. All carry a pairing signature. */
const attacks: Record<string, (token: string) => RequestParts> = {
  'POST /sign': () => ({ path: '/sign' }),
  'POST /sign with a stolen token': (token) => ({ headers: bearer(token) }),
  ...Object.fromEntries(
    [
      ...['POST /sign/batch', 'POST /verify', 'GET /keys', 'GET /metrics', 'GET /healthz'],
      ...['GET /readyz', 'GET /process', 'PUT /process', 'POST /', 'POST /process/'],
      ...['POST /process/../sign', 'POST /process%2f..%2fsign'],
    ].map((line) => {
      const [method = '', path = ''] = line.split(' ')
      return [line, () => ({ method, path })]
    }),
  ),
  ...Object.fromEntries(
    ['signer', 'signer.pod.internal', 'signing-pod:8081', 'localhost:8081'].map((host) => [
      `POST /sign for Host: ${host}`,
      (token: string) => ({ host, headers: bearer(token) }),
    ]),
  ),
}

describe('the world, through the ingress gateway', () => {
  const batch = testAttackOnMesh((_, { token, pairing }) =>
    withGateway((place) => {
      const requests = Object.entries(attacks).map(([name, parts]) => {
        const request = { host: place.host, ...signParts(pairing, parts(token)) }
        return [name, writeRequest(request)]
      })
      return sendFrom('here', place, Object.fromEntries(requests))
    }),
  )
  testOutcomes('is refused: %s', Object.keys(attacks), batch, ['400', '403', '404'])

  test('may have a message processed', () =>
    withGateway(async (place) => {
      const bytes = writeRequest({ host: place.host, path: '/process' })
      const [outcome] = await probeFrom('here', [{ ...place, bytes }])
      expect(readStatus(outcome?.received ?? '')).toBe(200)
    }))
})
