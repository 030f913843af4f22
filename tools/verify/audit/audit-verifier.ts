// Verifies the records of many signers, from many files. Memory holds the MAC of each record, and what is wrong.
import type { KeyObject } from 'node:crypto'
import { UserError } from '../../cli/terminal.ts'
import { Chain, type Chained, type Verdict } from './chain.ts'
import type { OutputLine } from './container-lines.ts'
import { createFaultList, type Fault, type FaultList, faultOf, type Place } from './fault.ts'
import { type Found, findRecords } from './find-records.ts'
import { isUnfinished } from './log-lines.ts'
import { type AuditRecord, findWrongCount } from './record.ts'
import { createSourceChecks } from './source-checks.ts'

/** `wrong`: the MAC does not fit. `unverified`: there is none. */
export type Trust = 'intact' | 'unverified' | 'wrong'
export type OnRecord = (record: AuditRecord, place: Place, trust: Trust) => void
/** `last`: the number of its last record. `readAt`: its log has all that was written before, in ms since 1970. */
export type Instance = { instance: string; records: number; last: number; readAt: number }
export type Report = {
  /** Genuine ones, each once, and their signatures. */
  records: number
  signatures: number
  /** Times of the first and of the last record. */
  from: string
  to: string
  instances: Instance[]
  faults: FaultList
  /** What kubelet has rotated away. It is no fault. */
  fronts: Fault[]
  /** Records without their end, as a copied log or a killed signer leaves them. If others follow, the number is missing, too. */
  cuts: Fault[]
  /** Records without a MAC, of signers without an audit key and of version 0.1. */
  unchained: { count: number; first: Place | undefined }
}
type Signer = Omit<Instance, 'instance'> & { chain: Chain; bare: FaultList; hasMac: boolean }

const MAX_FAULTS = 1_000
const texts = {
  wrong: 'edited or forged: its MAC does not fit',
  forged: 'forged: its MAC does not fit, and another record with this seq is genuine',
  double: 'forged with the audit key: two records with this seq have a MAC that fits',
  broken:
    'forged with the audit key: its MAC fits, but the records before and after it do not fit it',
  bare: 'without a MAC, in a chain that has MACs',
  damaged: 'edited: this is no complete record',
  cut: 'the end of this record is missing',
  rewritten: 'edited: the signer writes this record otherwise',
  place: 'edited: its instance or its seq is missing',
}

/** Makes the verifier. `onRecord` receives each record that is here, and copies of it no more. */
export function createVerifier(keys: readonly KeyObject[], onRecord: OnRecord = () => {}) {
  const signers = new Map<string, Signer>()
  const faults = createFaultList()
  const cuts: Fault[] = []
  const unchained: Report['unchained'] = { count: 0, first: undefined }
  const total = { records: 0, signatures: 0, from: '', to: '' }

  function addFault(place: Place, kind: keyof typeof texts, record?: AuditRecord): void {
    faults.add(faultOf(place, record, texts[kind]))
    if (faults.count < MAX_FAULTS || total.records > 0) return
    throw new UserError(
      `none of the first ${MAX_FAULTS} records fits the audit key`,
      'Give the audit key that these signers had, with AUDIT_KEY_FILE.',
    )
  }

  function findSigner(instance: string): Signer {
    const known = signers.get(instance)
    if (known !== undefined) return known
    const made = { records: 0, last: 0, readAt: 0, bare: createFaultList(), hasMac: false }
    const signer = { ...made, chain: new Chain(keys) }
    signers.set(instance, signer)
    return signer
  }

  function addTime({ time }: AuditRecord): void {
    if (total.from === '' || time < total.from) total.from = time
    if (time > total.to) total.to = time
  }

  function addGenuine(record: Chained, place: Place): void {
    findSigner(record.instance).records += 1
    addTime(record)
    total.records += 1
    if (record.outcome === 'signed') total.signatures += record.count
    const text = findWrongCount(record)
    if (text !== undefined) faults.add(faultOf(place, record, text))
    onRecord(record, place, 'intact')
  }

  function addUnchained(record: AuditRecord, place: Place): void {
    const { instance, seq } = record
    unchained.count += 1
    unchained.first ??= place
    addTime(record)
    onRecord(record, place, 'unverified')
    if (instance === undefined || seq === undefined) return
    const signer = findSigner(instance)
    signer.bare.add(faultOf(place, record, texts.bare))
    signer.last = Math.max(signer.last, seq)
  }

  function addChained(record: Chained, place: Place): Verdict {
    const signer = findSigner(record.instance)
    signer.hasMac = true
    const verdict = signer.chain.add(record)
    if (verdict === 'intact' || verdict === 'broken') addGenuine(record, place)
    if (verdict === 'wrong' || verdict === 'forged') onRecord(record, place, 'wrong')
    if (verdict !== 'intact' && verdict !== 'again') addFault(place, verdict, record)
    return verdict
  }

  /** Makes what receives the lines of one log, and then its end. */
  function openLog(readAt: number) {
    const checks = createSourceChecks()

    function addFound(found: Found, { text, cut, isLog }: OutputLine, place: Place): void {
      if (found.form === 'damaged') {
        if (isCut(text, cut)) cuts.push({ place, text: texts.cut })
        else addFault(place, 'damaged')
        return
      }
      const { record } = found
      if (!checks.checkForm(found, place, isLog)) addFault(place, 'rewritten', record)
      if (isChained(record)) {
        const verdict = addChained(record, place)
        const isGenuine = verdict !== 'wrong' && verdict !== 'forged'
        if (isGenuine) checks.checkOrder(found, place, record, verdict === 'again')
      } else if (record.mac !== undefined || isHalf(record)) addFault(place, 'place', record)
      else addUnchained(record, place)
      const signer = signers.get(record.instance ?? '')
      if (signer !== undefined) signer.readAt = Math.max(signer.readAt, readAt)
    }

    function add(file: string, line: OutputLine): void {
      const place = { file, line: line.number }
      for (const found of findRecords(line.text)) addFound(found, line, place)
    }

    return { add, end: () => faults.addAll(checks.end()) }
  }

  function end(): Report {
    const fronts: Fault[] = []
    const instances = [...signers].map(([instance, { chain, bare, hasMac, ...signer }]) => {
      if (hasMac) faults.addAll([bare])
      const { front, gaps, last } = chain.findMissing()
      for (const [first, to] of gaps) {
        faults.add({ instance, text: `deleted: ${describeRange(first, to)}` })
      }
      if (front !== undefined) fronts.push({ instance, text: describeRange(...front) })
      return { ...signer, instance, last: hasMac ? last : signer.last }
    })
    return { ...total, instances, faults, fronts, cuts, unchained }
  }

  return { openLog, end }
}

export function describeRange(first: number, last: number): string {
  return first === last
    ? `seq ${first} is missing`
    : `seq ${first} to ${last} are missing, ${last - first + 1} records`
}

/** A line that is complete and has a MAC was not cut off, but edited. */
function isCut(text: string, cut: OutputLine['cut']): boolean {
  if (cut === 'document' || !isUnfinished(text)) return false
  return cut === 'line' || !/"mac\\?":\\?"[\w-]{24}\\?"/.test(text)
}

function isChained(record: AuditRecord): record is Chained {
  return [record.instance, record.seq, record.mac].every((each) => each !== undefined)
}

function isHalf({ instance, seq }: AuditRecord): boolean {
  return (instance === undefined) !== (seq === undefined)
}
