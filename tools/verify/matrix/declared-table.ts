// The requests of the matrix, and how the declared table of a layout is read.
import type { AskedFor, Verdict } from './report.ts'

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

/** `none`: the caller cannot send this request. The frontend does not call itself. */
export type Row = Record<RequestId, Verdict | 'none'>

export const everything = (verdict: Verdict | 'none'): Row => ({
  ...{ sign: verdict, batch: verdict, verify: verdict, keys: verdict },
  ...{ metrics: verdict, readyz: verdict, process: verdict },
})
const toSign = 'AuthorizationPolicy/signer-allow-caller'
const allows: Record<RequestId, string> = {
  ...{ sign: toSign, batch: toSign, verify: toSign, keys: toSign },
  metrics: 'AuthorizationPolicy/signer-allow-metrics',
  readyz: 'AuthorizationPolicy/signer-allow-probe',
  process: 'AuthorizationPolicy/signer-allow-gateway',
}

export type Declared = { verdict: Verdict; by: string[] }

/** Returns a function that looks a cell up in `table`. `signer` is the resource that configures the signer's own control. */
export function createDeclaration(table: Readonly<Record<string, Row>>, signer: string) {
  return (caller: string, request: RequestId): Declared | undefined => {
    const verdict = table[caller]?.[request]
    if (verdict === undefined || verdict === 'none') return undefined
    const by: Record<Verdict, string[]> = {
      served: [allows[request]],
      mtls: ['PeerAuthentication/signer-require-mtls', 'PeerAuthentication/signer-require-mtls'],
      route: ['VirtualService/frontend'],
      token: ['RequestAuthentication/signer-authenticate-caller'],
      policy: ['AuthorizationPolicy/signer-allow-nothing', allows[request]],
      pairing: [signer],
      caller: [signer],
    }
    return { verdict, by: by[verdict] }
  }
}
