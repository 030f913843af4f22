// The words for a report, in the terminal and in the picture.
import { type Cell, type Control, holds, type Report, type Verdict } from './report.ts'

/** The name of each control, its question to a caller, and what it refuses. */
export const controlWords: Record<Control, { label: string; asks: string; refuses: string }> = {
  mtls: {
    label: 'mTLS',
    asks: 'in the mesh?',
    refuses: 'closes connections without a certificate of the mesh',
  },
  route: {
    label: 'route',
    asks: 'public path?',
    refuses: 'sends nothing but the public paths to the application',
  },
  token: {
    label: 'token',
    asks: 'token valid?',
    refuses: 'refuses tokens that do not have the signer as audience',
  },
  policy: {
    label: 'policy',
    asks: 'allowed?',
    refuses: 'refuses requests that no AuthorizationPolicy allows',
  },
  pairing: {
    label: 'pairing',
    asks: 'same Pod?',
    refuses: 'is in the signer: refuses every caller but the application of its own Pod',
  },
  caller: {
    label: 'caller',
    asks: 'frontend?',
    refuses: "is in the signer: refuses every caller without the frontend's identity",
  },
}

const list = new Intl.ListFormat('en')

export function nameOutcome(outcome: Cell['seen']): string {
  if (outcome === 'other') return 'unclear'
  return outcome === 'served' ? outcome : controlWords[outcome].label
}

export function countReport({ cells, declarations }: Report) {
  return {
    cells: cells.length,
    asDeclared: cells.filter(({ declared, seen }) => declared === seen).length,
    refused: cells.filter(({ seen }) => seen !== 'served' && seen !== 'other').length,
    declarations: declarations.length,
    inPlace: declarations.filter(({ inPlace }) => inPlace).length,
  }
}

export function describeVerdict(report: Report): string {
  const { cells, asDeclared, refused, declarations, inPlace } = countReport(report)
  const parts = [`${asDeclared} of ${cells} as declared`, `${refused} refused`]
  if (inPlace < declarations) parts.push(`${declarations - inPlace} of ${declarations} missing`)
  parts.push(countSignatures(report.unauthorizedSignatures))
  return `${holds(report) ? 'holds' : 'DOES NOT HOLD'}: ${parts.join(', ')}`
}

export function describeDisagreements(report: Report): string[] {
  const { cells, declarations, unauthorizedSignatures } = report
  return [
    ...(cells.length === 0 ? ['No request was sent.'] : []),
    ...(unauthorizedSignatures === 0
      ? []
      : [`The signer made ${countSignatures(unauthorizedSignatures)}.`]),
    ...declarations
      .filter(({ inPlace }) => !inPlace)
      .map(({ resource }) => `${resource} is not on the cluster.`),
    ...cells
      .filter(({ declared, seen }) => declared !== seen)
      .map((cell) => describeDisagreement(report, cell)),
  ]
}

function describeDisagreement({ callers, requests }: Report, cell: Cell): string {
  const caller = callers.find(({ id }) => id === cell.caller)?.name ?? cell.caller
  const asked = requests.find(({ id }) => id === cell.request)
  const request =
    asked === undefined ? cell.request : `${asked.method} ${asked.path} of the ${asked.of}`
  const seen =
    cell.seen === 'other' ? 'was neither served nor refused' : `was ${describe(cell.seen)}`
  const by = cell.by.length === 0 ? '' : ` by ${list.format(cell.by)}`
  return `${caller}: ${request} ${seen} (${cell.answer}); declared${by}: ${describe(cell.declared)}.`
}

function describe(verdict: Verdict): string {
  return verdict === 'served' ? verdict : `refused by ${nameOutcome(verdict)}`
}

function countSignatures(count: number): string {
  return `${count} unauthorized signature${count === 1 ? '' : 's'}`
}
