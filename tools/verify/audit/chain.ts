// The chain of one signer's records, which may arrive in any order and several times.
import type { KeyObject } from 'node:crypto'
import { MacStore } from './mac-store.ts'
import { type AuditRecord, computeMac } from './record.ts'

/** A record that has its place in a chain. */
export type Chained = AuditRecord & { instance: string; seq: number; mac: string }
/**
 * `again`: the same record came before. `wrong`: the MAC does not fit. `forged`: it does not fit, and another record with this
 * number is genuine. `double`: both are genuine. `broken`: another record came before it than the one that is here.
 */
export type Verdict = 'intact' | 'again' | 'wrong' | 'forged' | 'double' | 'broken'
export type Range = [first: number, last: number]

export class Chain {
  readonly #keys: readonly KeyObject[]
  readonly #macs = new MacStore()
  /** What later records say about the MACs of records that have not come. */
  readonly #wanted = new Map<number, string>()
  readonly #wrong = new Set<number>()
  #key: KeyObject | undefined

  constructor(keys: readonly KeyObject[]) {
    this.#keys = keys
  }

  add(record: Chained): Verdict {
    const { seq, mac, prev } = record
    const known = this.#macs.get(seq)
    if (!this.#isGenuine(record)) {
      this.#wrong.add(seq)
      return known === undefined ? 'wrong' : 'forged'
    }
    if (known !== undefined) return known === mac ? 'again' : 'double'
    this.#macs.set(seq, mac)
    const wanted = this.#wanted.get(seq)
    this.#wanted.delete(seq)
    const before = this.#macs.get(seq - 1)
    if (before === undefined && prev !== undefined) this.#wanted.set(seq - 1, prev)
    const isLinked = before === undefined || before === prev
    return isLinked && (wanted ?? mac) === mac ? 'intact' : 'broken'
  }

  #isGenuine(record: Chained): boolean {
    const keys = this.#key === undefined ? this.#keys : [this.#key]
    const key = keys.find((each) => computeMac(each, record) === record.mac)
    this.#key ??= key
    return key !== undefined
  }

  /** Returns the numbers of which no record came, before the first one that did and after it. */
  findMissing(): { front: Range | undefined; gaps: Range[]; last: number } {
    const gaps: Range[] = []
    // A record with a wrong MAC is not missing. Numbers beyond the genuine ones may be invented.
    const wrong = [...this.#wrong].sort((a, b) => a - b)
    let next = 0
    let last = 0
    const pass = (from: number, to: number) => {
      if (from > last + 1) gaps.push([last + 1, from - 1])
      last = Math.max(last, to)
    }
    for (const [from, to] of this.#macs.ranges()) {
      for (let seq = wrong[next]; seq !== undefined && seq < from; seq = wrong[++next])
        pass(seq, seq)
      pass(from, to)
    }
    while (this.#wrong.has(last + 1)) last += 1
    const front = gaps[0]?.[0] === 1 ? gaps.shift() : undefined
    return { front, gaps, last }
  }
}
