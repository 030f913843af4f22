// An open loop: requests are sent when they are due, whether those before them are answered or not. A closed one would
// stop asking just when nothing is answered, and so count one failure where there were a thousand.
import { setTimeout as sleep } from 'node:timers/promises'

/** What came of one request: `signed`, or what it failed with, e.g. "503 signer_unavailable". */
export type Answer = { outcome: string; signed?: Signed }
/** `requestId`: what the audit log names it by. */
export type Signed = { message: string; signature: string; keyId: string; requestId: string }
/** `at`: when it was sent, in milliseconds since 1970. `ms`: until its answer. */
export type Sample = Answer & { at: number; ms: number }
export type Send = (sequence: number) => Promise<Answer>

const TICK_MS = 5
/** Under way at once; over that the sender itself would be what fails. */
const MAX_UNDER_WAY = 2_000

/** Sends `perSecond` requests a second until `signal`, and returns what came of each once all are answered. */
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
    const answer = await send(sequence)
    samples.push({ ...answer, at, ms: performance.now() - sentAt })
  }
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - start) / 1_000) * perSecond)
    for (; count < due; count++) {
      if (underWay.size >= maxUnderWay) {
        samples.push({ outcome: 'not sent', at: Date.now(), ms: 0 })
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
