// Declares who may do what when frontend and signer share a Pod. `make matrix` and the tests read this table.
import { createDeclaration, everything, type Row } from './declared-table.ts'
import type { Caller } from './report.ts'

export const callers = [
  {
    id: 'frontend',
    name: 'the frontend container',
    shows: 'its own token and a pairing signature',
  },
  {
    id: 'frontend-no-token',
    name: 'the frontend container without a token',
    shows: 'only a pairing signature',
  },
  {
    id: 'frontend-wrong-token',
    name: 'the frontend container with a wrong token',
    shows: 'a token with the API server as audience, and a pairing signature',
  },
  {
    id: 'frontend-no-pairing',
    name: 'the frontend container without pairing',
    shows: 'only its own token',
  },
  {
    id: 'same-account',
    name: 'a Pod with the same ServiceAccount',
    shows: 'its own valid token and another pairing secret',
  },
  {
    id: 'other-account',
    name: 'a Pod with another ServiceAccount',
    shows: "the frontend's stolen token and pairing secret",
  },
  {
    id: 'other-namespace',
    name: 'a mesh Pod in another namespace',
    shows: "the frontend's stolen token and pairing secret",
  },
  {
    id: 'other-namespace-forged',
    name: 'the same Pod with forged proxy headers',
    shows: 'the same, and a forged x-forwarded-client-cert',
  },
  {
    id: 'non-mesh',
    name: 'a Pod without a sidecar',
    shows: "the frontend's stolen token and pairing secret, over plain HTTP",
  },
  {
    id: 'non-mesh-tls',
    name: 'a Pod without a sidecar, over TLS',
    shows: 'the same, and a self-signed certificate that names the frontend',
  },
  {
    id: 'public',
    name: 'a public client, through the ingress gateway',
    shows: "the frontend's stolen token and pairing secret",
  },
] as const satisfies readonly Caller[]
export type CallerId = (typeof callers)[number]['id']

/** What any container of the Pod may read without a token or a pairing signature. */
const openToPod = { metrics: 'served', readyz: 'served' } as const

const table: Record<CallerId, Row> = {
  frontend: { ...everything('served'), process: 'none' },
  'frontend-no-token': { ...everything('policy'), ...openToPod, process: 'none' },
  'frontend-wrong-token': { ...everything('token'), process: 'none' },
  'frontend-no-pairing': { ...everything('pairing'), ...openToPod, process: 'none' },
  'same-account': { ...everything('pairing'), ...openToPod, process: 'policy' },
  'other-account': everything('policy'),
  'other-namespace': everything('policy'),
  'other-namespace-forged': everything('policy'),
  'non-mesh': everything('mtls'),
  'non-mesh-tls': everything('mtls'),
  public: { ...everything('route'), process: 'served' },
}

/** Returns the declared outcome of a request and the resources that enforce it. Undefined: the caller cannot send it. */
export const declare = createDeclaration(table, 'Deployment/secure-signing')
