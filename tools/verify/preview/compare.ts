// Compares two measurements, cell by cell.
import { type AskedFor, type Cell, controls } from '../matrix/report.ts'
import { nameOutcome } from '../matrix/verdict.ts'
import type { Measured } from '../scratch/measured.ts'

/**
 * opens: something that was refused works. weakens: it is still refused, but a control fewer stands. declared: either, but it is what
 * signing.yaml declares, such as a new public route. unclear: neither served nor refused by a known control.
 */
export type Class = 'opens' | 'weakens' | 'unclear' | 'breaks' | 'declared' | 'tightens'

export type Difference = {
  class: Class
  /** E.g. "a mesh Pod in another namespace → POST /sign of the signer". */
  what: string
  /** E.g. "refused by policy (403 RBAC: access denied)". */
  before: string
  after: string
}

/** The classes for which a change must not be merged unseen. */
export const opening: readonly Class[] = ['opens', 'weakens', 'unclear']

export function compareMeasured(before: Measured, after: Measured): Difference[] {
  const cells = after.cells.flatMap((cell) => {
    const old = before.cells.find(
      (each) => each.caller === cell.caller && each.request === cell.request,
    )
    return old === undefined ? [] : describeCell(old, cell, after)
  })
  const gone = before.cells
    .filter((old) => !after.cells.some((each) => isSame(each, old)))
    .map((old) => ({
      class: 'unclear' as const,
      ...{ what: name(old, before), before: describe(old), after: 'not measured' },
    }))
  const signed = after.unauthorizedSignatures - before.unauthorizedSignatures
  return [
    ...cells,
    ...gone,
    ...(signed > 0
      ? [
          {
            ...{ class: 'opens' as const, what: 'unauthorized requests → signatures' },
            ...{ before: String(before.unauthorizedSignatures), after: `${signed} more` },
          },
        ]
      : []),
  ]
}

function describeCell(before: Cell, after: Cell, measured: Measured): Difference[] {
  const found = classify(before, after)
  if (found === undefined) return []
  const what = name(after, measured)
  return [{ class: found, what, before: describe(before), after: describe(after) }]
}

export function classify(before: Cell, after: Cell): Class | undefined {
  if (before.seen === after.seen && before.seen !== 'other') return undefined
  const [was, is] = [hasReached(before), hasReached(after)]
  if (is) {
    if (after.declared === 'served') return was ? undefined : 'declared'
    if (!was) return 'opens'
    return after.seen === before.seen ? undefined : after.seen === 'served' ? 'opens' : 'breaks'
  }
  if (was)
    return after.declared === 'served' || before.declared === 'served' ? 'breaks' : 'tightens'
  if (after.seen === before.seen) return undefined
  if (after.seen === 'other' || before.seen === 'other') return 'unclear'
  if (order(after.seen) < order(before.seen)) return 'tightens'
  return after.seen === after.declared ? 'declared' : 'weakens'
}

/** A service has answered, although not always with success. An error of a proxy is no answer. */
function hasReached({ seen, answer }: Cell): boolean {
  return seen === 'served' || (seen === 'other' && /^[2-4]\d\d /.test(`${answer} `))
}

function order(seen: Cell['seen']): number {
  return (controls as readonly string[]).indexOf(seen)
}

function isSame(one: Cell, other: Cell): boolean {
  return one.caller === other.caller && one.request === other.request
}

function name(cell: Cell, { callers, requests }: Measured): string {
  const caller = callers.find(({ id }) => id === cell.caller)?.name ?? cell.caller
  const asked = requests.find(({ id }) => id === cell.request)
  return `${caller} → ${asked === undefined ? cell.request : describeRequest(asked)}`
}

function describeRequest({ method, path, of }: AskedFor): string {
  return `${method} ${path} of the ${of}`
}

function describe(cell: Cell): string {
  const { seen, answer } = cell
  if (seen === 'served') return `served (${answer})`
  if (seen !== 'other') return `refused by ${nameOutcome(seen)} (${answer})`
  return `${hasReached(cell) ? 'answered' : 'unclear'} (${answer})`
}
