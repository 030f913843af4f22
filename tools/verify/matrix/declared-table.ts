// The requests of the matrix, and how the declared table of a layout is read.
import { readPrefix } from '../../kube/application/route-path.ts'
import { application } from '../../kube/application.ts'
import type { AskedFor, Verdict } from './report.ts'

const { smoke, routes, container, service } = application
/** What public clients may ask the application for: the smoke request, or else the first route. */
const asked = smoke?.request ?? routes[0] ?? { method: 'GET', path: '/' }

export const requests = [
  { id: 'sign', method: 'POST', path: '/sign', of: 'signer' },
  { id: 'batch', method: 'POST', path: '/sign/batch', of: 'signer' },
  { id: 'verify', method: 'POST', path: '/verify', of: 'signer' },
  { id: 'keys', method: 'GET', path: '/keys', of: 'signer' },
  { id: 'metrics', method: 'GET', path: '/metrics', of: 'signer' },
  { id: 'readyz', method: 'GET', path: '/readyz', of: 'signer' },
  {
    id: 'application',
    method: asked.method as string,
    path: readPrefix(asked.path) ?? asked.path,
    of: container,
  },
] as const satisfies readonly AskedFor[]
export type RequestId = (typeof requests)[number]['id']

/** `none`: the caller cannot send this request. The application does not call itself. */
export type Row = Record<RequestId, Verdict | 'none'>

export const everything = (verdict: Verdict | 'none'): Row => ({
  ...{ sign: verdict, batch: verdict, verify: verdict, keys: verdict },
  ...{ metrics: verdict, readyz: verdict, application: verdict },
})
const toSign = 'AuthorizationPolicy/signer-allow-caller'
const allows: Record<RequestId, string> = {
  ...{ sign: toSign, batch: toSign, verify: toSign, keys: toSign },
  metrics: 'AuthorizationPolicy/signer-allow-metrics',
  readyz: 'AuthorizationPolicy/signer-allow-probe',
  application: 'AuthorizationPolicy/signer-allow-gateway',
}

export type Declared = { verdict: Verdict; by: string[] }

/** Returns a function that looks a cell up in `table`. `signer` is the resource that configures the signer's own control. */
export function createDeclaration(table: Readonly<Record<string, Row>>, signer: string) {
  return (caller: string, request: RequestId): Declared | undefined => {
    const verdict = table[caller]?.[request]
    if (verdict === undefined || verdict === 'none') return undefined
    const by: Record<Verdict, string[]> = {
      served: [allows[request]],
      mtls: ['PeerAuthentication/signer-require-mtls'],
      route: [`VirtualService/${service}`],
      token: ['RequestAuthentication/signer-authenticate-caller'],
      policy: ['AuthorizationPolicy/signer-allow-nothing', allows[request]],
      pairing: [signer],
      caller: [signer],
    }
    return { verdict, by: by[verdict] }
  }
}
