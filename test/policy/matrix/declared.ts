// Who may do what, as it is declared: the one table that `make matrix`, its tests and the README's go by.
import type { AskedFor, Caller, Verdict } from './report.ts'

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

export const requests = [
  { id: 'sign', method: 'POST', path: '/sign', of: 'signer' },
  { id: 'batch', method: 'POST', path: '/sign/batch', of: 'signer' },
  { id: 'verify', method: 'POST', path: '/verify', of: 'signer' },
  { id: 'keys', method: 'GET', path: '/keys', of: 'signer' },
  { id: 'metrics', method: 'GET', path: '/metrics', of: 'signer' },
  { id: 'readyz', method: 'GET', path: '/readyz', of: 'signer' },
  { id: 'process', method: 'POST', path: '/process', of: 'frontend' },
] as const satisfies readonly AskedFor[]
export type RequestId = (typeof requests)[number]['id']

/** `none`: the caller has no way to ask; the frontend does not call itself. */
type Row = Record<RequestId, Verdict | 'none'>

const everything = (verdict: Verdict | 'none'): Row => ({
  ...{ sign: verdict, batch: verdict, verify: verdict, keys: verdict },
  ...{ metrics: verdict, readyz: verdict, process: verdict },
})
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

const toSign = 'AuthorizationPolicy/allow-frontend-to-sign'
const allows: Record<RequestId, string> = {
  ...{ sign: toSign, batch: toSign, verify: toSign, keys: toSign },
  metrics: 'AuthorizationPolicy/allow-pod-to-read-signer-metrics',
  readyz: 'AuthorizationPolicy/allow-probe-to-signer',
  process: 'AuthorizationPolicy/allow-ingress-to-frontend',
}

export type Declared = { verdict: Verdict; by: string[] }

/** What `caller` is to get for `request`, and the resources that say so; undefined where there is no way to ask. */
export function declare(caller: CallerId, request: RequestId): Declared | undefined {
  const verdict = table[caller][request]
  if (verdict === 'none') return undefined
  const by: Record<Verdict, string[]> = {
    served: [allows[request]],
    mtls: ['PeerAuthentication/require-mtls'],
    route: ['VirtualService/frontend'],
    token: ['RequestAuthentication/verify-caller-token'],
    policy: ['AuthorizationPolicy/allow-nothing', allows[request]],
    pairing: ['Deployment/secure-signing'],
  }
  return { verdict, by: by[verdict] }
}
