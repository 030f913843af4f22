// An open loop: it sends each request when it is due, even if earlier requests have no answer. A closed loop would wait
// during an outage, and count one failure instead of a thousand.
import { setTimeout as sleep } from 'node:timers/promises'

/** The outcome of one request: "signed", or the failure, e.g. "503 signer_unavailable". */
export type Answer = { outcome: string; signed?: Signed }
/** `requestId`: as in the audit log. */
export type Signed = { message: string; signature: string; keyId: string; requestId: string }
/**
 * `at`: when the request was sent, in milliseconds since 1970. `lateMs`: how long after it was due. `ms`: the time until its
 * answer.
 */
export type Sample = Answer & { at: number; lateMs: number; ms: number }
export type Send = (sequence: number) => Promise<Answer>

const TICK_MS = 5
/** Concurrent requests. With more, the sender itself would fail. */
const MAX_UNDER_WAY = 2_000

/** Sends `perSecond` requests a second until `signal`. Returns a sample for each after all have an answer. */
export async function sendOnSchedule(
  send: Send,
  perSecond: number,
  signal: AbortSignal,
  maxUnderWay = MAX_UNDER_WAY,
): Promise<Sample[]> {
  const samples: Sample[] = []
  const underWay = new Set<Promise<void>>()
  const start = performance.now()
  let count = 0
  async function sendOne(sequence: number): Promise<void> {
    const at = Date.now()
    const sentAt = performance.now()
    const lateMs = Math.round(sentAt - start - ((sequence + 1) / perSecond) * 1_000)
    const answer = await send(sequence)
    samples.push({ ...answer, at, lateMs, ms: performance.now() - sentAt })
  }
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - start) / 1_000) * perSecond)
    for (; count < due; count++) {
      if (underWay.size >= maxUnderWay) {
        samples.push({ outcome: 'not sent', at: Date.now(), lateMs: 0, ms: 0 })
        continue
      }
      const one: Promise<void> = sendOne(count).finally(() => underWay.delete(one))
      underWay.add(one)
    }
    await sleep(TICK_MS)
  }
  await Promise.all(underWay)
  return samples.sort((a, b) => a.at - b.at)
}
