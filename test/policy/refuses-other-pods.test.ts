// Attacks 6, 7 and 9: other Pods, with and without a sidecar, with all credentials that they can steal or forge.
import { describe } from 'vitest'
import { port } from '../../tools/kube/names.ts'
import {
  forgeCertificate,
  forgeHeaders,
  readSpiffeId,
} from '../../tools/verify/attack/forged-identity.ts'
import type { Probe } from '../../tools/verify/attack/probe.ts'
import {
  type RequestParts,
  signParts,
  tokenHeader,
  withCredentials,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { requests } from '../../tools/verify/matrix/declared-table.ts'
import {
  nonMeshPod,
  otherAccountPod,
  otherNamespacePod,
  TARGET_IN_MESH,
} from '../support/attack/attackers.ts'
import { testAttackOnMesh, testOutcomes } from '../support/attack/expectations.ts'
import { sendProbes } from '../support/attack/send.ts'

const spiffeId = await readSpiffeId()
const asked = requests.find(({ of }) => of !== 'signer') ?? requests[0]
const forged = forgeHeaders(spiffeId)

type Attack = [name: string, port: number, parts: (stolenToken: string) => RequestParts]
/** Each request also gets the stolen pairing signature, so that only the mesh can refuse it. */
const throughTheMesh: readonly Attack[] = [
  ['POST /sign without a token', 8081, () => ({})],
  [
    "POST /sign with the frontend's stolen token",
    8081,
    (token) => ({ headers: tokenHeader(token) }),
  ],
  ['POST /sign with forged identity headers', 8081, () => ({ headers: forged })],
  [
    'POST /sign with the stolen token and forged identity headers',
    8081,
    (token) => ({ headers: { ...tokenHeader(token), ...forged } }),
  ],
  ...['POST /sign/batch', 'POST /verify', 'GET /keys'].map((line): Attack => {
    const [method = '', path = ''] = line.split(' ')
    const parts = (token: string) => ({ method, path, headers: tokenHeader(token) })
    return [`${line} with the stolen token`, 8081, parts]
  }),
  [
    'GET /readyz, which is open only to the Pod itself',
    8081,
    () => ({ method: 'GET', path: '/readyz' }),
  ],
  [
    `${asked.method} ${asked.path}, which is open only to the gateway`,
    port,
    () => ({ method: asked.method, path: asked.path }),
  ],
  ["POST /sign on the application's port", port, (token) => ({ headers: tokenHeader(token) })],
]

/** Name → how the connection is made, from `forged`, a certificate with the frontend's identity. */
const withoutSidecar: Record<string, (forged: Probe['tls']) => Pick<Probe, 'tls'>> = {
  'plain HTTP': () => ({}),
  'TLS without a certificate': () => ({ tls: {} }),
  'TLS with a self-signed certificate that names the frontend': (tls = {}) => ({ tls }),
  "the same, with the mesh's own ALPN and server name": (tls) => ({
    tls: { ...tls, serverName: 'outbound_.8081_._.signer.pod.internal', protocols: ['istio'] },
  }),
}
const connections = [port, 8081].flatMap((each) =>
  Object.entries(withoutSidecar).map(([how, connect]) => ({
    name: `port ${each}: ${how}`,
    port: each,
    connect,
  })),
)

const batch = testAttackOnMesh(async ({ podIP }, stolen) => {
  const certificate = await forgeCertificate(spiffeId)
  const inMesh = throughTheMesh.map(([name, to, parts]) => {
    const bytes = writeRequest(signParts(stolen.pairing, parts(stolen.token)))
    return [name, { host: TARGET_IN_MESH, port: to, bytes }] as const
  })
  const bytes = writeRequest(withCredentials(stolen))
  const outside = connections.map(({ name, port: to, connect }) => {
    return [name, { host: podIP, port: to, bytes, ...connect(certificate) }] as const
  })
  const [byOtherNamespace, byOtherAccount, byNonMesh] = await Promise.all([
    sendProbes(otherNamespacePod, Object.fromEntries(inMesh)),
    sendProbes(otherAccountPod, Object.fromEntries(inMesh)),
    sendProbes(nonMeshPod, Object.fromEntries(outside)),
  ])
  return { byOtherNamespace, byOtherAccount, byNonMesh }
})

describe.each([
  { who: 'a mesh Pod in another namespace', sender: 'byOtherNamespace' },
  { who: 'a Pod with another ServiceAccount in our namespace', sender: 'byOtherAccount' },
] as const)('$who', ({ sender }) => {
  const names = throughTheMesh.map(([name]) => name)
  testOutcomes('is refused with 403: %s', names, (name) => batch().outcomes[sender][name], ['403'])
})

describe('a Pod without a sidecar', () => {
  const names = connections.map(({ name }) => name)
  const read = (name: string) => batch().outcomes.byNonMesh[name]
  testOutcomes('receives no answer, the connection closes: %s', names, read, ['closed'])
})
