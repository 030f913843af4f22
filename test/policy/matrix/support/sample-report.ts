// A report such as a cluster gives, for tests: one that holds, and ways to break it.
import type { AskedFor, Caller, Cell, Report, Verdict } from '../report.ts'

const callers: readonly Caller[] = [
  {
    id: 'frontend',
    name: 'the frontend container',
    shows: 'its own token, signs with the pairing secret',
  },
  {
    id: 'frontend-no-token',
    name: 'the frontend container, without a token',
    shows: 'a pairing signature alone',
  },
  {
    id: 'frontend-wrong-token',
    name: 'the frontend container, with a wrong token',
    shows: "a token for the API server's audience, a pairing signature",
  },
  {
    id: 'frontend-no-pairing',
    name: 'the frontend container, without the pairing',
    shows: 'its own token alone',
  },
  {
    id: 'twin',
    name: 'a twin: another Pod with the same ServiceAccount',
    shows: "its own token, its own Pod's pairing secret",
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
    name: 'a stranger that forges the headers of a proxy',
    shows: 'x-forwarded-client-cert and x-jwt-payload of its own making',
  },
  {
    id: 'outsider',
    name: 'an outsider: a Pod without a sidecar',
    shows: "a self-made certificate that names the frontend, the frontend's stolen token",
  },
  {
    id: 'world',
    name: 'the world, through the ingress gateway',
    shows: "the frontend's stolen token and pairing secret",
  },
]

const requests: readonly AskedFor[] = [
  { id: 'sign', method: 'POST', path: '/sign', of: 'signer' },
  { id: 'batch', method: 'POST', path: '/sign/batch', of: 'signer' },
  { id: 'verify', method: 'POST', path: '/verify', of: 'signer' },
  { id: 'keys', method: 'GET', path: '/keys', of: 'signer' },
  { id: 'metrics', method: 'GET', path: '/metrics', of: 'signer' },
  { id: 'readyz', method: 'GET', path: '/readyz', of: 'signer' },
  { id: 'process', method: 'POST', path: '/process', of: 'frontend' },
]

/** In the order of `requests`; `none` where there is no way to ask. */
const verdicts: Record<string, readonly (Verdict | 'none')[]> = {
  frontend: ['served', 'served', 'served', 'served', 'served', 'served', 'none'],
  'frontend-no-token': ['policy', 'policy', 'policy', 'policy', 'served', 'served', 'policy'],
  'frontend-wrong-token': ['token', 'token', 'token', 'token', 'token', 'token', 'token'],
  'frontend-no-pairing': ['pairing', 'pairing', 'pairing', 'pairing', 'served', 'served', 'none'],
  twin: ['pairing', 'pairing', 'pairing', 'pairing', 'served', 'served', 'policy'],
  'look-alike': Array(7).fill('policy'),
  stranger: Array(7).fill('policy'),
  'stranger-forged': Array(7).fill('policy'),
  outsider: Array(7).fill('mtls'),
  world: [...Array(6).fill('route'), 'served'],
}

const answers: Record<Verdict, string> = {
  served: '200',
  mtls: 'closed',
  route: '404',
  token: '401 Audiences in Jwt are not allowed',
  policy: '403 RBAC: access denied',
  pairing: '403 pairing_refused',
}

const allows: Record<string, string> = {
  metrics: 'AuthorizationPolicy/allow-pod-to-read-signer-metrics',
  readyz: 'AuthorizationPolicy/allow-probe-to-signer',
  process: 'AuthorizationPolicy/allow-ingress-to-frontend',
}

/** A new report that holds. */
export function makeReport(): Report {
  const cells = callers.flatMap(({ id: caller }) =>
    requests.flatMap(({ id: request }, index): Cell[] => {
      const declared = verdicts[caller]?.[index] ?? 'none'
      if (declared === 'none') return []
      const by = findDeclaring(declared, request)
      return [{ caller, request, declared, seen: declared, answer: answers[declared], by }]
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
      'PeerAuthentication/require-mtls',
      'Sidecar/secure-signing',
      'Gateway/world',
      'VirtualService/frontend',
      'RequestAuthentication/verify-caller-token',
      'AuthorizationPolicy/allow-nothing',
      'AuthorizationPolicy/allow-frontend-to-sign',
      'AuthorizationPolicy/allow-pod-to-read-signer-metrics',
      'AuthorizationPolicy/allow-probe-to-signer',
      'AuthorizationPolicy/allow-ingress-to-frontend',
      'Deployment/secure-signing',
    ].map((resource) => ({ resource, inPlace: true })),
    signaturesWithoutRight: 0,
  }
}

function findDeclaring(declared: Verdict, request: string): string[] {
  const allow = allows[request] ?? 'AuthorizationPolicy/allow-frontend-to-sign'
  return {
    served: [allow],
    mtls: ['PeerAuthentication/require-mtls'],
    route: ['VirtualService/frontend'],
    token: ['RequestAuthentication/verify-caller-token'],
    policy: ['AuthorizationPolicy/allow-nothing', allow],
    pairing: ['Deployment/secure-signing'],
  }[declared]
}

/** The report with something else seen in one cell. */
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

/** What somebody sees who has deleted a policy, while the signer is restarting. */
export function makeBrokenReport(): Report {
  const opened = breakCell(makeReport(), ['stranger', 'sign'], 'served', '200')
  const early = breakCell(opened, ['twin', 'sign'], 'policy', answers.policy)
  const unclear = breakCell(early, ['frontend', 'sign'], 'other', '503 no healthy upstream')
  return {
    ...unclear,
    declarations: unclear.declarations.map((each) =>
      each.resource === 'AuthorizationPolicy/allow-nothing' ? { ...each, inPlace: false } : each,
    ),
    signaturesWithoutRight: 1,
  }
}
