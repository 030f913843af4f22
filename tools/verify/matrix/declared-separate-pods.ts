// Who may do what where frontend and signer are separate Pods, as it is declared. There is no pairing: who has both the
// frontend's ServiceAccount and a token of it is the frontend. In return the mesh tells frontend and signer apart.
import { createDeclaration, everything, type Row } from './declared-table.ts'
import type { Caller } from './report.ts'

const stolen = "the frontend's stolen token"

export const callers = [
  { id: 'frontend', name: 'the frontend', shows: 'its own token' },
  { id: 'frontend-no-token', name: "the frontend's Pod, without a token", shows: 'nothing' },
  {
    id: 'frontend-wrong-token',
    name: "the frontend's Pod, with a wrong token",
    shows: 'a token made out to the API server',
  },
  {
    id: 'twin',
    name: "a twin: another Pod with the frontend's ServiceAccount",
    shows: 'its own good token',
  },
  {
    id: 'twin-no-token',
    name: "another Pod with the frontend's ServiceAccount, without a token",
    shows: 'nothing',
  },
  {
    id: 'impostor',
    name: "an impostor: another Pod with the signer's ServiceAccount",
    shows: stolen,
  },
  {
    id: 'look-alike',
    name: 'a look-alike: a mesh Pod with another ServiceAccount',
    shows: stolen,
  },
  { id: 'stranger', name: 'a stranger: a mesh Pod of another namespace', shows: stolen },
  {
    id: 'stranger-forged',
    name: "a stranger that forges a proxy's headers",
    shows: 'the same, and x-forwarded-client-cert of its own making',
  },
  {
    id: 'outsider',
    name: 'an outsider: a Pod without a sidecar',
    shows: `${stolen}, in plain HTTP`,
  },
  {
    id: 'outsider-tls',
    name: 'an outsider that speaks TLS',
    shows: 'the same, and a self-made certificate that names the frontend',
  },
  { id: 'world', name: 'the world, through the ingress gateway', shows: stolen },
] as const satisfies readonly Caller[]
export type CallerId = (typeof callers)[number]['id']

/** What the agent of the signer's own Pod asks, without a token; nobody else may. */
const closed = { metrics: 'policy', readyz: 'policy' } as const
const open = { metrics: 'served', readyz: 'served' } as const

const table: Record<CallerId, Row> = {
  frontend: { ...everything('served'), ...closed, process: 'none' },
  'frontend-no-token': { ...everything('policy'), process: 'none' },
  'frontend-wrong-token': { ...everything('token'), process: 'none' },
  // What pairing refuses where it is: see docs/separate-pods.md.
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

/** What a caller is to get for a request, and the resources that say so; undefined where there is no way to ask. */
export const declare = createDeclaration(table, 'Deployment/signer')
