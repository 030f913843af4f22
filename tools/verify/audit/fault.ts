// What is wrong with the records, and where.
import type { AuditRecord } from './record.ts'

export type Place = { file: string; line: number }
export type Fault = { place?: Place; instance?: string; seq?: number; text: string }
/** The first ones, and how many there are. */
export type FaultList = {
  readonly count: number
  readonly shown: readonly Fault[]
  add: (fault: Fault) => void
  addAll: (lists: readonly FaultList[]) => void
}

const SHOWN = 100

export function createFaultList(): FaultList {
  const shown: Fault[] = []
  let count = 0
  function add(fault: Fault): void {
    count += 1
    if (shown.length < SHOWN) shown.push(fault)
  }
  function addAll(lists: readonly FaultList[]): void {
    for (const list of lists) {
      shown.push(...list.shown.slice(0, SHOWN - shown.length))
      count += list.count
    }
  }
  return {
    shown,
    add,
    addAll,
    get count() {
      return count
    },
  }
}

/** Names the record, as far as it says what it is. */
export function faultOf(place: Place, record: AuditRecord | undefined, text: string): Fault {
  const { instance, seq } = record ?? {}
  return { place, ...(instance && { instance }), ...(seq && { seq }), text }
}

/** Returns one line, for example "signer.log:7: instance … seq 3: edited". */
export function formatFault({ place, instance, seq, text }: Fault): string {
  const record = instance && `instance ${instance}${seq === undefined ? '' : ` seq ${seq}`}`
  const parts = [place && formatPlace(place), record, text]
  return parts.filter((each) => each !== undefined).join(': ')
}

export function formatPlace({ file, line }: Place): string {
  return `${file}:${line}`
}
