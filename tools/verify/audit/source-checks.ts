// What one file must have besides genuine records: one form, and the order in which the signer wrote them.
import type { Chained } from './chain.ts'
import { createFaultList, type FaultList, faultOf, type Place } from './fault.ts'
import type { Found } from './find-records.ts'

type Whole = Exclude<Found, { form: 'damaged' }>

const rewritten =
  'edited: other lines of this file are as the signer writes them, and this one is not'
const unsorted =
  'out of order. If a query returned these lines, let it sort by time and then by seq, and check again'
const newestFirst =
  'out of order: the file begins with its newest lines. Reverse it, for example with tac, or with logcli --forward'

/** Makes the checks of a file. `end` returns what is wrong. */
export function createSourceChecks() {
  const last = new Map<string, number>()
  const [rises, falls, inexact] = [createFaultList(), createFaultList(), createFaultList()]
  let exact = 0

  /** Returns false for what is certainly edited. `isLog`: no log shipper has changed the line. */
  function checkForm({ form, isExact, record }: Whole, place: Place, isLog: boolean): boolean {
    if (form === 'line' && isExact) exact += 1
    // A signer of version 0.1 wrote other fields.
    if (isExact || record.instance === undefined) return true
    if (form === 'text' || isLog) return false
    inexact.add(faultOf(place, record, rewritten))
    return true
  }

  /** Receives the genuine records. A log shipper may deliver one again. A log has it once. */
  function checkOrder(
    { form, isExact }: Whole,
    place: Place,
    record: Chained,
    isAgain: boolean,
  ): void {
    if (isAgain && !(form === 'line' && isExact)) return
    const { instance, seq } = record
    const before = last.get(instance)
    last.set(instance, seq)
    if (before === undefined) return
    const text = `out of order: it comes after seq ${before}`
    const list = seq > before ? rises : falls
    list.add(faultOf(place, record, text))
  }

  function end(): FaultList[] {
    const faults = exact > 0 ? [inexact] : []
    if (falls.count === 0) return faults
    if (exact > 0) return [...faults, rises.count > 0 ? falls : summarize(falls, newestFirst)]
    // The result of a query may begin with the newest record.
    if (rises.count === 0) return faults
    return [...faults, summarize(rises.count < falls.count ? rises : falls, unsorted)]
  }

  return { checkForm, checkOrder, end }
}

function summarize({ shown, count }: FaultList, text: string): FaultList {
  const list = createFaultList()
  for (const first of shown.slice(0, 1)) list.add({ ...first, text: `${text} (${count} lines)` })
  return list
}
