// Who may do what in one Pod, as it is declared: the one table that `make matrix`, its tests and the README's go by.
import { createDeclaration, everything, type Row } from './declared-table.ts'
import type { Caller } from './report.ts'

export const callers = [
  {
    id: 'frontend',
    name: 'the frontend container',
    shows: 'its own token, and signs with the pairing secret',
  },
  {
    id: 'frontend-no-token',
    name: 'the frontend container, without a token',
    shows: 'a pairing signature alone',
  },
  {
    id: 'frontend-wrong-token',
    name: 'the frontend container, with a wrong token',
    shows: 'a token made out to the API server, and a pairing signature',
  },
  {
    id: 'frontend-no-pairing',
    name: 'the frontend container, without the pairing',
    shows: 'its own token alone',
  },
  {
    id: 'twin',
    name: 'a twin: another Pod with the same ServiceAccount',
    shows: 'its own good token, and a pairing secret of its own',
  },
  {
    id: 'look-alike',
    name: 'a look-alike: a mesh Pod with another ServiceAccount',
    shows: "the frontend's stolen token and pairing secret",
  },
  {
    id: 'stranger',
    name: 'a stranger: a mesh Pod of another namespace',
    shows: "the frontend's stolen token and pairing secret",
  },
  {
    id: 'stranger-forged',
    name: "a stranger that forges a proxy's headers",
    shows: 'the same, and x-forwarded-client-cert of its own making',
  },
  {
    id: 'outsider',
    name: 'an outsider: a Pod without a sidecar',
    shows: "the frontend's stolen token and pairing secret, in plain HTTP",
  },
  {
    id: 'outsider-tls',
    name: 'an outsider that speaks TLS',
    shows: 'the same, and a self-made certificate that names the frontend',
  },
  {
    id: 'world',
    name: 'the world, through the ingress gateway',
    shows: "the frontend's stolen token and pairing secret",
  },
] as const satisfies readonly Caller[]
export type CallerId = (typeof callers)[number]['id']

/** What the Pod may ask without a token or a pairing signature. */
const openToPod = { metrics: 'served', readyz: 'served' } as const

const table: Record<CallerId, Row> = {
  frontend: { ...everything('served'), process: 'none' },
  'frontend-no-token': { ...everything('policy'), ...openToPod, process: 'none' },
  'frontend-wrong-token': { ...everything('token'), process: 'none' },
  'frontend-no-pairing': { ...everything('pairing'), ...openToPod, process: 'none' },
  twin: { ...everything('pairing'), ...openToPod, process: 'policy' },
  'look-alike': everything('policy'),
  stranger: everything('policy'),
  'stranger-forged': everything('policy'),
  outsider: everything('mtls'),
  'outsider-tls': everything('mtls'),
  world: { ...everything('route'), process: 'served' },
}

/** What a caller is to get for a request, and the resources that say so; undefined where there is no way to ask. */
export const declare = createDeclaration(table, 'Deployment/secure-signing')
