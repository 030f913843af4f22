// Attack 8: public clients may send one method to one path, through the ingress gateway.
import { beforeAll, expect, test } from 'vitest'
import { withGateway } from '../../tools/verify/attack/gateway.ts'
import type { Place } from '../../tools/verify/attack/probe.ts'
import {
  type RequestParts,
  readStatus,
  signParts,
  tokenHeader,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { CONFIG_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { testAttackOnMesh, testOutcomes } from '../support/attack/expectations.ts'
import { send, sendAll } from '../support/attack/send.ts'

/** Name → request. Each also gets the frontend's pairing signature. */
const attacks: Record<string, (stolenToken: string) => RequestParts> = {
  'POST /sign': () => ({ path: '/sign' }),
  'POST /sign with a stolen token': (token) => ({ headers: tokenHeader(token) }),
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
      (token: string) => ({ host, headers: tokenHeader(token) }),
    ]),
  ),
}

beforeAll(() => withGateway((place) => useUpOldConnections(place, Object.keys(attacks).length)))

const batch = testAttackOnMesh((_, { token, pairing }) =>
  withGateway((place) => {
    const requests = Object.entries(attacks).map(([name, parts]) => {
      return [name, writeRequest({ host: place.host, ...signParts(pairing, parts(token)) })]
    })
    return sendAll('here', place, Object.fromEntries(requests))
  }),
)

const read = (name: string) => batch().outcomes[name]
testOutcomes('a public client is refused: %s', Object.keys(attacks), read, ['400', '403', '404'])

test('a public client may have a message processed', () =>
  withGateway(async (place) => {
    const { status } = await send('here', place, { host: place.host, path: '/process' })
    expect(status).toBe(200)
  }))

/** The gateway may still have connections to a proxy that another test has stopped. These requests use them up. */
function useUpOldConnections(place: Place, count: number): Promise<true> {
  const bytes = writeRequest({ host: place.host, path: '/process' })
  const requests = Object.fromEntries(Array.from({ length: count }, (_, index) => [index, bytes]))
  return waitFor(
    async () => {
      const outcomes = Object.values(await sendAll('here', place, requests))
      return outcomes.every(({ received }) => readStatus(received) === 200) || undefined
    },
    CONFIG_MS,
    () => 'the gateway does not serve',
  )
}
