// Attacks 15, 18 and 19: arbitrary code runs in the frontend container, and looks for a way around the proxy.

import { describe, expect, test } from 'vitest'
import { probeFrom } from '../../../tools/verify/attack/containers.ts'
import type { Outcome, Probe } from '../../../tools/verify/attack/probe.ts'
import { bearer, signParts, writeRequest } from '../../../tools/verify/attack/requests.ts'
import { testAttackOnMesh, testOutcomes } from '../../support/attack/expectations.ts'
import { sendFrom } from '../../support/attack/send.ts'
import { runIn } from '../../support/compromise/run-in.ts'

/** The Pod's listeners. The signer has none. */
const listeners: readonly (readonly [number, string])[] = [
  [8080, 'the frontend itself'],
  [8081, 'the proxy, bound to loopback: the way to sign'],
  [15000, "Envoy's admin, see the allow-list"],
  [15001, 'outbound traffic'],
  [15006, 'inbound traffic'],
  [15020, "Istio's agent"],
  [15021, "the proxy's health"],
  [15090, "the proxy's metrics"],
]
const onlyLoopback = [8081, 15000]

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

  test('of 127.0.0.1: only those that are known answer', () => {
    expect(batch().outcomes.loopback).toEqual(listeners.map(([port]) => port))
  })
  test('of ::1: no others', () => {
    const known = listeners.map(([port]) => port).filter((port) => !onlyLoopback.includes(port))
    for (const port of batch().outcomes.ipv6) expect(known).toContain(port)
  })
  test("of the Pod's address: no others, and no way to sign", () => {
    const known = listeners.map(([port]) => port).filter((port) => !onlyLoopback.includes(port))
    for (const port of batch().outcomes.pod) expect(known).toContain(port)
  })
})

describe("code in the frontend container talks to the proxy's own ports", () => {
  const cases = [15006, 15001].flatMap((port) =>
    ['HTTP', 'TLS', "TLS as the mesh's own"].map((how) => ({ port, how })),
  )

  const batch = testAttackOnMesh<Outcome[]>(({ frontend }, { token, pairing }) => {
    const bytes = writeRequest(signParts(pairing, { headers: bearer(token) }))
    const serverName = 'outbound_.8081_._.signer.pod.internal'
    const tls: Record<string, Pick<Probe, 'tls'>> = {
      HTTP: {},
      TLS: { tls: {} },
      "TLS as the mesh's own": { tls: { serverName, protocols: ['istio'] } },
    }
    const probes = cases.map(({ port, how }) => ({
      host: '127.0.0.1',
      port,
      bytes,
      ...tls[how],
    }))
    return probeFrom(frontend, probes)
  })

  const names = cases.map(({ port, how }) => `${how} to 127.0.0.1:${port}`)
  testOutcomes('is cut off: %s', names, batch, ['closed'])
})

describe("code in the frontend container asks Envoy's admin port", () => {
  const refused = [
    'GET /',
    'GET /help',
    'GET /config_dump',
    'GET /config_dump?include_eds',
    'GET /certs',
    'GET /clusters',
    'GET /listeners',
    'GET /server_info',
    'GET /runtime',
    'POST /logging?level=trace',
    'POST /runtime_modify?key=value',
    'POST /quitquitquit',
    'POST /healthcheck/fail',
    'POST /cpuprofiler?enable=y',
    'GET /stats/../config_dump',
    'GET //config_dump',
  ]
  // What Istio's agent asks for, to show that it is the list that refuses.
  const allowed = ['GET /ready', 'GET /stats']

  const batch = testAttackOnMesh(({ frontend }) => {
    const requests = [...refused, ...allowed].map((line) => {
      const [method = '', path = ''] = line.split(' ')
      return [line, writeRequest({ method, path, body: '', host: 'localhost:15000' })]
    })
    const admin = { host: '127.0.0.1', port: 15000 }
    return sendFrom(frontend, admin, Object.fromEntries(requests))
  })

  testOutcomes('is refused: %s', refused, batch, ['403', '404'])
  testOutcomes('is answered: %s', allowed, batch, ['200'])
})
