// What a report comes to, in words: the same in the terminal and on the page.
import { type Cell, holds, type Lock, type Report, type Verdict } from './report.ts'

/** What each lock is called, what it asks of a caller, and what becomes of one who has no answer. */
export const lockWords: Record<Lock, { label: string; asks: string; refuses: string }> = {
  mtls: {
    label: 'mTLS',
    asks: 'mesh identity?',
    refuses: 'cuts off who has no certificate of the mesh',
  },
  route: { label: 'route', asks: 'a way there?', refuses: 'leads nowhere but to the public path' },
  token: {
    label: 'token',
    asks: 'a good token?',
    refuses: 'refuses a token that the cluster has not made out to the signer',
  },
  policy: {
    label: 'policy',
    asks: 'may it ask?',
    refuses: 'refuses what no AuthorizationPolicy allows',
  },
  pairing: {
    label: 'pairing',
    asks: 'this very Pod?',
    refuses: "is the signer's own: refuses who is not the frontend of its Pod",
  },
  caller: {
    label: 'caller',
    asks: 'the frontend?',
    refuses: "is the signer's own: refuses who has not the frontend's identity",
  },
}

const list = new Intl.ListFormat('en')

/** The lock's name, "served", or "unclear". */
export function nameOutcome(outcome: Cell['seen']): string {
  if (outcome === 'other') return 'unclear'
  return outcome === 'served' ? outcome : lockWords[outcome].label
}

/** What is counted of a report. */
export function countReport({ cells, declarations }: Report) {
  return {
    cells: cells.length,
    asDeclared: cells.filter(({ declared, seen }) => declared === seen).length,
    refused: cells.filter(({ seen }) => seen !== 'served' && seen !== 'other').length,
    declarations: declarations.length,
    inPlace: declarations.filter(({ inPlace }) => inPlace).length,
  }
}

/** One line that begins with "holds" or "DOES NOT HOLD". */
export function describeVerdict(report: Report): string {
  const { cells, asDeclared, refused, declarations, inPlace } = countReport(report)
  const parts = [`${asDeclared} of ${cells} as declared`, `${refused} refused`]
  if (inPlace < declarations) parts.push(`${declarations - inPlace} of ${declarations} missing`)
  parts.push(`${countSignatures(report.signaturesWithoutRight)} without right`)
  return `${holds(report) ? 'holds' : 'DOES NOT HOLD'}: ${parts.join(', ')}`
}

/** A sentence for each thing that keeps the report from holding. */
export function describeDisagreements(report: Report): string[] {
  const { cells, declarations, signaturesWithoutRight } = report
  const signed = countSignatures(signaturesWithoutRight)
  return [
    ...(cells.length === 0 ? ['Nobody was asked for anything.'] : []),
    ...(signaturesWithoutRight === 0 ? [] : [`The signer made ${signed} without right.`]),
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
    cell.seen === 'other' ? 'got neither service nor a refusal' : `was ${describe(cell.seen)}`
  const by = cell.by.length === 0 ? '' : ` by ${list.format(cell.by)}`
  return `${caller}: ${request} ${seen} (${cell.answer}); declared${by}: ${describe(cell.declared)}.`
}

function describe(verdict: Verdict): string {
  return verdict === 'served' ? verdict : `refused by ${nameOutcome(verdict)}`
}

function countSignatures(count: number): string {
  return `${count} signature${count === 1 ? '' : 's'}`
}
