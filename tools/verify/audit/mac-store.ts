// The MACs of the verified records of one signer, by their number in the chain: 24 bytes for each.
import { MAC_LENGTH } from './record.ts'

const CHUNK = 64

export class MacStore {
  readonly #chunks = new Map<number, Buffer>()

  get(seq: number): string | undefined {
    const chunk = this.#chunks.get(Math.floor(seq / CHUNK))
    const start = (seq % CHUNK) * MAC_LENGTH
    // A MAC has no byte 0.
    if (chunk === undefined || chunk[start] === 0) return undefined
    return chunk.toString('latin1', start, start + MAC_LENGTH)
  }

  set(seq: number, mac: string): void {
    const index = Math.floor(seq / CHUNK)
    let chunk = this.#chunks.get(index)
    if (chunk === undefined) {
      chunk = Buffer.alloc(CHUNK * MAC_LENGTH)
      this.#chunks.set(index, chunk)
    }
    const start = (seq % CHUNK) * MAC_LENGTH
    chunk.write(mac, start, 'latin1')
  }

  /** Lists the numbers in rising order, as ranges. */
  *ranges(): Generator<[number, number]> {
    let range: [number, number] | undefined
    for (const index of [...this.#chunks.keys()].sort((a, b) => a - b)) {
      for (let seq = index * CHUNK; seq < (index + 1) * CHUNK; seq += 1) {
        if (this.get(seq) === undefined) continue
        if (range !== undefined && range[1] === seq - 1) range[1] = seq
        else {
          if (range !== undefined) yield range
          range = [seq, seq]
        }
      }
    }
    if (range !== undefined) yield range
  }
}
