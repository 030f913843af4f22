// One request of every caller, as lanes that run through the locks towards the signer.
import type { AskedFor, Caller, Cell, Lock, Report } from './report.ts'
import { nameOutcome } from './verdict.ts'

export type Lane = {
  caller: Caller
  /** `none`: this caller has no way to ask. */
  reaches: Cell['seen'] | 'none'
  declared: Cell['seen'] | 'none'
  /** What became of it. */
  outcome: string
  /** What came back; nothing where nothing was asked. */
  answer: string
}

/** What the picture is about: a signature, if it was asked for. */
export function findPictured({ requests }: Report): AskedFor | undefined {
  return requests.find(({ of, path }) => of === 'signer' && path === '/sign') ?? requests[0]
}

/** A lane for each caller, in their order. */
export function listLanes({ callers, cells }: Report, request: AskedFor): Lane[] {
  return callers.map((caller) => {
    const cell = cells.find((each) => each.caller === caller.id && each.request === request.id)
    if (cell === undefined) {
      return { caller, reaches: 'none', declared: 'none', outcome: 'has no way to ask', answer: '' }
    }
    const { seen, declared, answer } = cell
    return { caller, reaches: seen, declared, outcome: describeOutcome(cell), answer }
  })
}

/** How many of `locks` a request has passed that came to this end. */
export function countPassed(end: Lane['reaches'], locks: readonly Lock[]): number {
  if (end === 'served') return locks.length
  return end === 'other' || end === 'none' ? 0 : locks.indexOf(end)
}

function describeOutcome({ seen, declared }: Cell): string {
  if (seen !== declared) return `!! ${nameOutcome(seen)}, declared: ${nameOutcome(declared)}`
  return seen === 'served' ? 'served' : `refused: ${nameOutcome(seen)}`
}
