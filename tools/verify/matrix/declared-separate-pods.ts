// Declares who may do what when frontend and signer are separate Pods. There is no pairing: anyone with the frontend's
// ServiceAccount and its token counts as the frontend. In return, the mesh tells frontend and signer apart.
import { createDeclaration, everything, type Row } from './declared-table.ts'
import type { Caller } from './report.ts'

const stolen = "the frontend's stolen token"

export const callers = [
  { id: 'frontend', name: 'the frontend', shows: 'its own token' },
  { id: 'frontend-no-token', name: "the frontend's Pod without a token", shows: 'nothing' },
  {
    id: 'frontend-wrong-token',
    name: "the frontend's Pod with a wrong token",
    shows: 'a token with the API server as audience',
  },
  {
    id: 'same-account',
    name: "a Pod with the frontend's ServiceAccount",
    shows: 'its own valid token',
  },
  {
    id: 'same-account-no-token',
    name: "a Pod with the frontend's ServiceAccount, without a token",
    shows: 'nothing',
  },
  {
    id: 'signer-account',
    name: "a Pod with the signer's ServiceAccount",
    shows: stolen,
  },
  {
    id: 'other-account',
    name: 'a Pod with another ServiceAccount',
    shows: stolen,
  },
  { id: 'other-namespace', name: 'a mesh Pod in another namespace', shows: stolen },
  {
    id: 'other-namespace-forged',
    name: 'the same Pod with forged proxy headers',
    shows: 'the same, and a forged x-forwarded-client-cert',
  },
  {
    id: 'non-mesh',
    name: 'a Pod without a sidecar',
    shows: `${stolen}, over plain HTTP`,
  },
  {
    id: 'non-mesh-tls',
    name: 'a Pod without a sidecar, over TLS',
    shows: 'the same, and a self-signed certificate that names the frontend',
  },
  { id: 'public', name: 'a public client, through the ingress gateway', shows: stolen },
] as const satisfies readonly Caller[]
export type CallerId = (typeof callers)[number]['id']

/** Only the agent in the signer's own Pod may read these without a token. The frontend tries its token at readyz. */
const closed = { metrics: 'policy' } as const
const open = { metrics: 'served', readyz: 'served' } as const

const table: Record<CallerId, Row> = {
  frontend: { ...everything('served'), ...closed, application: 'none' },
  'frontend-no-token': { ...everything('policy'), application: 'none' },
  'frontend-wrong-token': { ...everything('token'), application: 'none' },
  // Pairing would refuse this caller.
  'same-account': { ...everything('served'), ...closed, application: 'policy' },
  'same-account-no-token': everything('policy'),
  'signer-account': { ...everything('policy'), ...open },
  'other-account': everything('policy'),
  'other-namespace': everything('policy'),
  'other-namespace-forged': everything('policy'),
  'non-mesh': everything('mtls'),
  'non-mesh-tls': everything('mtls'),
  public: { ...everything('route'), application: 'served' },
}

/** Returns the declared outcome of a request and the resources that enforce it. Undefined: the caller cannot send it. */
export const declare = createDeclaration(table, 'Deployment/signer')
