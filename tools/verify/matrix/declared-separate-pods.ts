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
    id: 'twin',
    name: "a Pod with the frontend's ServiceAccount",
    shows: 'its own valid token',
  },
  {
    id: 'twin-no-token',
    name: "a Pod with the frontend's ServiceAccount, without a token",
    shows: 'nothing',
  },
  {
    id: 'impostor',
    name: "a Pod with the signer's ServiceAccount",
    shows: stolen,
  },
  {
    id: 'look-alike',
    name: 'a Pod with another ServiceAccount',
    shows: stolen,
  },
  { id: 'stranger', name: 'a mesh Pod in another namespace', shows: stolen },
  {
    id: 'stranger-forged',
    name: 'the same Pod with forged proxy headers',
    shows: 'the same, and a forged x-forwarded-client-cert',
  },
  {
    id: 'outsider',
    name: 'a Pod without a sidecar',
    shows: `${stolen}, over plain HTTP`,
  },
  {
    id: 'outsider-tls',
    name: 'a Pod without a sidecar, over TLS',
    shows: 'the same, and a self-signed certificate that names the frontend',
  },
  { id: 'world', name: 'a public client, through the ingress gateway', shows: stolen },
] as const satisfies readonly Caller[]
export type CallerId = (typeof callers)[number]['id']

/** Only the agent in the signer's own Pod may read these. It needs no token. */
const closed = { metrics: 'policy', readyz: 'policy' } as const
const open = { metrics: 'served', readyz: 'served' } as const

const table: Record<CallerId, Row> = {
  frontend: { ...everything('served'), ...closed, process: 'none' },
  'frontend-no-token': { ...everything('policy'), process: 'none' },
  'frontend-wrong-token': { ...everything('token'), process: 'none' },
  // Pairing would refuse this caller.
  twin: { ...everything('served'), ...closed, process: 'policy' },
  'twin-no-token': everything('policy'),
  impostor: { ...everything('policy'), ...open },
  'look-alike': everything('policy'),
  stranger: everything('policy'),
  'stranger-forged': everything('policy'),
  outsider: everything('mtls'),
  'outsider-tls': everything('mtls'),
  world: { ...everything('route'), process: 'served' },
}

/** Returns the declared outcome of a request and the resources that enforce it. Undefined: the caller cannot send it. */
export const declare = createDeclaration(table, 'Deployment/signer')
