// Chains the lines of the audit log. Each has a place in an instance of the signer, the MAC of the line before, and a MAC over all that.
// So an edit, a gap or a swap is found later. The key never signs for callers, so a thief of a signing key cannot write lines.
import { type KeyObject, randomBytes } from 'node:crypto'
import { computeLineMac } from './hmac.ts'
import { isSame } from './keys/key-ring.ts'

const INSTANCE_BYTES = 16
/** The longest addition to a line: `instance`, `seq` up to 2^53, `prev`, `mac`, and the newline. */
export const SEAL_BYTES = 130

/** `seq` is that of the last line. */
export type ChainPosition = { instance: string; seq: number }

/** Makes the chain. Without a key, lines have no MAC. With another key, a new instance begins. */
export function createAuditChain(getKey: () => KeyObject | undefined) {
  let key: KeyObject | undefined
  let [instance, seq, lastMac] = ['', 0, '']

  /** Begins a new instance, when it is unknown which lines were written. */
  function restart(): void {
    instance = randomBytes(INSTANCE_BYTES).toString('base64url')
    seq = 0
    lastMac = ''
  }

  /** Adds instance, sequence number and MACs to a line, the JSON of an object, and a newline. */
  function seal(json: string): string {
    const found = getKey()
    if (found !== key && !isSame(found, key)) restart()
    key = found
    seq += 1
    const text = `${json.slice(0, -1)},"instance":"${instance}","seq":${seq}`
    if (key === undefined) return `${text}}\n`
    const linked = lastMac === '' ? text : `${text},"prev":"${lastMac}"`
    lastMac = computeLineMac(key, `${linked}}`)
    return `${linked},"mac":"${lastMac}"}\n`
  }

  restart()
  return { seal, restart, position: (): ChainPosition => ({ instance, seq }) }
}
