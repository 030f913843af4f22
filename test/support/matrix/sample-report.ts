// A report as a cluster gives it, one that holds, and functions that break it.
import { callers, declare } from '../../../tools/verify/matrix/declared.ts'
import { requests } from '../../../tools/verify/matrix/declared-table.ts'
import type { Cell, Report, Verdict } from '../../../tools/verify/matrix/report.ts'

const answers: Record<Verdict, string> = {
  served: '200',
  mtls: 'closed',
  route: '404',
  token: '403 Audiences in Jwt are not allowed',
  policy: '403 RBAC: access denied',
  pairing: '403 pairing_refused',
  caller: '403 caller_refused',
}

export function makeReport(): Report {
  const cells = callers.flatMap(({ id: caller }) =>
    requests.flatMap(({ id: request }): Cell[] => {
      const declared = declare(caller, request)
      if (declared === undefined) return []
      const { verdict, by } = declared
      return [{ caller, request, declared: verdict, seen: verdict, answer: answers[verdict], by }]
    }),
  )
  return {
    takenAt: '2026-03-14T15:09:26.535Z',
    seconds: 41.3,
    cluster: 'https://10.0.0.1:6443',
    istio: '1.30.4',
    callers,
    requests,
    cells,
    declarations: [
      ...['PeerAuthentication/signer-require-mtls', 'Sidecar/signer', 'Gateway/public'],
      ...['VirtualService/frontend', 'RequestAuthentication/signer-authenticate-caller'],
      ...['AuthorizationPolicy/signer-allow-nothing', 'AuthorizationPolicy/signer-allow-caller'],
      'AuthorizationPolicy/signer-allow-metrics',
      'AuthorizationPolicy/signer-allow-probe',
      ...['AuthorizationPolicy/signer-allow-gateway', 'Deployment/secure-signing'],
    ].map((resource) => ({ resource, inPlace: true })),
    notes: [],
    unauthorizedSignatures: 0,
  }
}

/** Changes what was seen in one cell. */
export function breakCell(
  report: Report,
  [caller, request]: readonly [caller: string, request: string],
  seen: Cell['seen'],
  answer: string,
): Report {
  const isIt = (cell: Cell) => cell.caller === caller && cell.request === request
  const cells = report.cells.map((cell) => (isIt(cell) ? { ...cell, seen, answer } : cell))
  return { ...report, cells }
}

/** A report after a policy was deleted and while the signer restarts. */
export function makeBrokenReport(): Report {
  const opened = breakCell(makeReport(), ['other-namespace', 'sign'], 'served', '200')
  const early = breakCell(opened, ['same-account', 'sign'], 'policy', answers.policy)
  const unclear = breakCell(early, ['application', 'sign'], 'other', '503 no healthy upstream')
  return {
    ...unclear,
    declarations: unclear.declarations.map((each) =>
      each.resource === 'AuthorizationPolicy/signer-allow-nothing'
        ? { ...each, inPlace: false }
        : each,
    ),
    unauthorizedSignatures: 1,
  }
}
