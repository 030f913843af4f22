// Raises a load step by step until the deployment does not carry it any more.
import { type Sample, type Send, sendOnSchedule } from './schedule.ts'
import { isCarried, measureStrain } from './strain.ts'

const STEP_MS = 500
/** A busy machine may stop everything for a moment. */
const TRIES = 2

/** Sends each rate of `ramp`, in requests a second. Returns how many of them are carried, from the first one. */
export function climb(send: Send, ramp: readonly number[]): Promise<number> {
  return countCarried(ramp, (perSecond) =>
    sendOnSchedule(send, perSecond, AbortSignal.timeout(STEP_MS)),
  )
}

export async function countCarried(
  ramp: readonly number[],
  sendStep: (perSecond: number) => Promise<readonly Sample[]>,
): Promise<number> {
  for (const [index, perSecond] of ramp.entries()) {
    let tries = 0
    do {
      if (tries++ === TRIES) return index
    } while (!isCarried(measureStrain(await sendStep(perSecond))))
  }
  return ramp.length
}
