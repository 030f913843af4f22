// Attacks 15, 18 and 19: arbitrary code in the frontend container looks for a way around the proxy.
import { describe, expect, test } from 'vitest'
import type { Probe } from '../../../tools/verify/attack/probe.ts'
import { withCredentials, writeRequest } from '../../../tools/verify/attack/requests.ts'
import { testAttackOnMesh, testOutcomes } from '../../support/attack/expectations.ts'
import { sendAll, sendProbes } from '../../support/attack/send.ts'
import { runIn } from '../../support/compromise/run-in.ts'

/** The ports of the Pod. The signer has none. */
const listeners: Record<number, string> = {
  8080: 'the frontend itself',
  8081: 'the proxy, bound to loopback: the route to the signer',
  15000: "Envoy's admin port, see the allow-list below",
  15001: 'outbound traffic',
  15006: 'inbound traffic',
  15020: "Istio's agent",
  15021: "the proxy's health",
  15090: "the proxy's metrics",
}
const known = Object.keys(listeners).map(Number)
const elsewhere = known.filter((port) => ![8081, 15000].includes(port))

describe('code in the frontend container connects to every port', () => {
  const batch = testAttackOnMesh<{ loopback: number[]; ipv6: number[]; pod: number[] }>(
    async ({ frontend, podIP }) => {
      const scan = (host: string) => runIn<number[]>(frontend, 'port-scan', 'scanPorts', host)
      return {
        loopback: await scan('127.0.0.1'),
        ipv6: await scan('::1'),
        pod: await scan(podIP),
      }
    },
    180_000,
  )

  test('of 127.0.0.1: only the known ports answer', () => {
    expect(batch().outcomes.loopback).toEqual(known)
  })
  test('of ::1: no others', () => {
    for (const port of batch().outcomes.ipv6) expect(elsewhere).toContain(port)
  })
  test("of the Pod's address: no others, and no route to the signer", () => {
    for (const port of batch().outcomes.pod) expect(elsewhere).toContain(port)
  })
})

describe("code in the frontend container connects to the proxy's own ports", () => {
  const serverName = 'outbound_.8081_._.signer.pod.internal'
  const connections: Record<string, Pick<Probe, 'tls'>> = {
    HTTP: {},
    TLS: { tls: {} },
    "TLS as the mesh's own": { tls: { serverName, protocols: ['istio'] } },
  }
  const cases = [15006, 15001].flatMap((port) =>
    Object.entries(connections).map(([how, tls]) => {
      return [`${how} to 127.0.0.1:${port}`, { host: '127.0.0.1', port, ...tls }] as const
    }),
  )

  const batch = testAttackOnMesh(({ frontend }, stolen) => {
    const bytes = writeRequest(withCredentials(stolen))
    const probes = cases.map(([name, place]) => [name, { ...place, bytes }])
    return sendProbes(frontend, Object.fromEntries(probes))
  })

  const names = cases.map(([name]) => name)
  testOutcomes('is cut off: %s', names, (name) => batch().outcomes[name], ['closed'])
})

describe("code in the frontend container sends requests to Envoy's admin port", () => {
  const refused = [
    ...['GET /', 'GET /help', 'GET /config_dump', 'GET /config_dump?include_eds', 'GET /certs'],
    ...['GET /clusters', 'GET /listeners', 'GET /server_info', 'GET /runtime'],
    ...['POST /logging?level=trace', 'POST /runtime_modify?key=value', 'POST /quitquitquit'],
    ...['POST /healthcheck/fail', 'POST /cpuprofiler?enable=y', 'GET /stats/../config_dump'],
    'GET //config_dump',
  ]
  // Istio's agent needs these. They show that the allow-list refuses the others.
  const allowed = ['GET /ready', 'GET /stats']

  const batch = testAttackOnMesh(({ frontend }) => {
    const requests = [...refused, ...allowed].map((line) => {
      const [method = '', path = ''] = line.split(' ')
      return [line, writeRequest({ method, path, body: '', host: 'localhost:15000' })]
    })
    return sendAll(frontend, { host: '127.0.0.1', port: 15000 }, Object.fromEntries(requests))
  })

  const read = (line: string) => batch().outcomes[line]
  testOutcomes('is refused: %s', refused, read, ['403', '404'])
  testOutcomes('is answered: %s', allowed, read, ['200'])
})
