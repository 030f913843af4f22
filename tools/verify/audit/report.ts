// What a verification prints. Faults and the verdict are data, and notes are for people.
import { say } from '../../cli/terminal.ts'
import type { Report } from './audit-verifier.ts'
import { formatFault, formatPlace } from './fault.ts'
import type { Verified } from './verify.ts'

const SHOWN = 10

/** Returns true if every record of these signers is here and genuine, as far as the records show. */
export function isComplete({ faults, fronts, cuts, unchained, problems }: Verified): boolean {
  const missing = [faults.count, fronts.length, cuts.length, unchained.count, problems.length]
  return missing.every((each) => each === 0)
}

/** Returns the faults, one in a line. */
export function formatFaults({ faults }: Report): string[] {
  const lines = faults.shown.map((each) => `FAULT ${formatFault(each)}`)
  const more = faults.count - faults.shown.length
  return more === 0 ? lines : [...lines, `FAULT and ${more} more`]
}

/** For example "2 faults. 998 records are intact: 1200 signatures of 2 signer instances, from … to …". */
export function formatVerdict({ faults, records, unchained, ...report }: Report): string {
  const { signatures, instances, from, to } = report
  const verified = instances.filter((each) => each.records > 0).length
  const time = from === '' ? '' : `, from ${from} to ${to}`
  return [
    count(faults.count, 'fault'),
    unchained.count > 0 && `${count(unchained.count, 'record')} cannot be verified`,
    `${count(records, 'record')} intact: ${count(signatures, 'signature')} of ${count(verified, 'signer instance')}${time}`,
  ]
    .filter((part) => part !== false && part !== '0 faults')
    .join('. ')
}

/** Says what is not here and no fault. */
export function sayNotes({ records, faults, fronts, cuts, unchained, problems }: Verified): void {
  const notes = [
    ...(records === 0 && faults.count > 0
      ? ['No record fits the audit key. Is it of these signers?']
      : []),
    ...problems,
    ...fronts.map(
      (each) => `${formatFault(each)}, before the first one here. kubelet removes the oldest files`,
    ),
    ...cuts.map(
      (each) => `${formatFault(each)}. A copy of a live log and a killed signer leave such a line`,
    ),
  ]
  for (const note of notes.slice(0, SHOWN)) say(`note  ${note}`)
  if (notes.length > SHOWN) say(`note  and ${notes.length - SHOWN} more`)
  if (unchained.first === undefined) return
  const first = `${count(unchained.count, 'record')} without a MAC, the first at ${formatPlace(unchained.first)}`
  say(`note  ${first}. A signer of version 0.1, or without an audit key, wrote them.`)
  say('      If they are older than your audit key, leave their files out of FILES.')
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
