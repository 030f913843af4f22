// Declares who may do what when application and signer share a Pod. `make matrix` and the tests read this table.
import { application } from '../../kube/application.ts'
import { createDeclaration, everything, type Row } from './declared-table.ts'
import type { Caller } from './report.ts'

const who = application.isOurs ? 'frontend' : 'application'
const stolen = `the ${who}'s stolen token and pairing secret`

export const callers = [
  {
    id: 'application',
    name: `the ${who} container`,
    shows: 'its own token and a pairing signature',
  },
  {
    id: 'application-no-token',
    name: `the ${who} container without a token`,
    shows: 'only a pairing signature',
  },
  {
    id: 'application-wrong-token',
    name: `the ${who} container with a wrong token`,
    shows: 'a token with the API server as audience, and a pairing signature',
  },
  {
    id: 'application-no-pairing',
    name: `the ${who} container without pairing`,
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
    shows: stolen,
  },
  {
    id: 'other-namespace',
    name: 'a mesh Pod in another namespace',
    shows: stolen,
  },
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
    shows: `the same, and a self-signed certificate that names the ${who}`,
  },
  {
    id: 'public',
    name: 'a public client, through the ingress gateway',
    shows: stolen,
  },
] as const satisfies readonly Caller[]
export type CallerId = (typeof callers)[number]['id']

/** What any container of the Pod may read without a token or a pairing signature. */
const openToPod = { metrics: 'served', readyz: 'served' } as const

const table: Record<CallerId, Row> = {
  application: { ...everything('served'), application: 'none' },
  'application-no-token': { ...everything('policy'), ...openToPod, application: 'none' },
  'application-wrong-token': { ...everything('token'), application: 'none' },
  'application-no-pairing': { ...everything('pairing'), ...openToPod, application: 'none' },
  'same-account': { ...everything('pairing'), ...openToPod, application: 'policy' },
  'other-account': everything('policy'),
  'other-namespace': everything('policy'),
  'other-namespace-forged': everything('policy'),
  'non-mesh': everything('mtls'),
  'non-mesh-tls': everything('mtls'),
  public: { ...everything('route'), application: 'served' },
}

/** Returns the declared outcome of a request and the resources that enforce it. Undefined: the caller cannot send it. */
export const declare = createDeclaration(table, `Deployment/${application.deployment}`)
