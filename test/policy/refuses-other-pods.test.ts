// Attacks 6, 7 and 9: other Pods, with and without a sidecar, with everything that they can steal or forge.
import { describe } from 'vitest'
import { probeFrom } from '../../tools/verify/attack/containers.ts'
import {
  forgeCertificate,
  forgeHeaders,
  readSpiffeId,
} from '../../tools/verify/attack/forged-identity.ts'
import type { Outcome, Probe } from '../../tools/verify/attack/probe.ts'
import {
  bearer,
  type RequestParts,
  signParts,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import {
  nonMeshPod,
  otherAccountPod,
  otherNamespacePod,
  TARGET_IN_MESH,
} from '../support/attack/attackers.ts'
import { testAttackOnMesh, testOutcomes } from '../support/attack/expectations.ts'

const spiffeId = await readSpiffeId()
const forgedClaims = forgeHeaders(spiffeId)

type Attack = { name: string; port: number; parts: (stolenToken: string) => RequestParts }

const throughTheMesh: readonly Attack[] = [
  { name: 'POST /sign without a token', port: 8081, parts: () => ({}) },
  {
    name: "POST /sign with the frontend's stolen token",
    port: 8081,
    parts: (token) => ({ headers: bearer(token) }),
  },
  {
    name: 'POST /sign with forged identity headers',
    port: 8081,
    parts: () => ({ headers: forgedClaims }),
  },
  {
    name: 'POST /sign with the stolen token and forged identity headers',
    port: 8081,
    parts: (token) => ({ headers: { ...bearer(token), ...forgedClaims } }),
  },
  ...['/sign/batch', '/verify'].map((path) => ({
    name: `POST ${path} with the stolen token`,
    port: 8081,
    parts: (token: string) => ({ path, headers: bearer(token) }),
  })),
  {
    name: 'GET /keys with the stolen token',
    port: 8081,
    parts: (token) => ({ method: 'GET', path: '/keys', headers: bearer(token) }),
  },
  {
    name: 'GET /readyz, which only the Pod itself may ask',
    port: 8081,
    parts: () => ({ method: 'GET', path: '/readyz' }),
  },
  {
    name: "POST /process, which is the gateway's",
    port: 8080,
    parts: () => ({ path: '/process' }),
  },
  {
    name: "POST /sign on the frontend's port",
    port: 8080,
    parts: (token) => ({ headers: bearer(token) }),
  },
]

describe.each([
  { who: 'a mesh Pod in another namespace', attacker: otherNamespacePod },
  {
    who: 'a Pod with another ServiceAccount in our namespace',
    attacker: otherAccountPod,
  },
])('$who', ({ attacker }) => {
  const batch = testAttackOnMesh<Outcome[]>((_, { token, pairing }) => {
    const probes = throughTheMesh.map(({ port, parts }) => ({
      host: TARGET_IN_MESH,
      port,
      // With the stolen pairing secret, so that it is the mesh that refuses.
      bytes: writeRequest(signParts(pairing, parts(token))),
    }))
    return probeFrom(attacker, probes)
  })

  const names = throughTheMesh.map(({ name }) => name)
  testOutcomes('is refused with 403: %s', names, batch, ['403'])
})

describe('a Pod without a sidecar', () => {
  const names = [8080, 8081].flatMap((port) =>
    [
      'plain HTTP',
      'TLS without a certificate',
      'TLS with a self-made certificate that names the frontend',
      "the same, with the mesh's own ALPN and server name",
    ].map((how) => `port ${port}: ${how}`),
  )

  const batch = testAttackOnMesh(async ({ podIP }, { token, pairing }) => {
    const certificate = await forgeCertificate(spiffeId)
    const bytes = writeRequest(signParts(pairing, { headers: bearer(token) }))
    const serverName = 'outbound_.8081_._.signer.pod.internal'
    const probes = [8080, 8081].flatMap((port): Probe[] => [
      { host: podIP, port, bytes },
      { host: podIP, port, bytes, tls: {} },
      { host: podIP, port, bytes, tls: certificate },
      { host: podIP, port, bytes, tls: { ...certificate, serverName, protocols: ['istio'] } },
    ])
    return probeFrom(nonMeshPod, probes)
  })
  testOutcomes('is cut off without an answer: %s', names, batch, ['closed'])
})
