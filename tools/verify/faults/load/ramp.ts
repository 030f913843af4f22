// Raises a load step by step until the deployment does not carry it any more.
import { type Sample, type Send, sendOnSchedule } from './schedule.ts'
import { describeStrain, isCarried, measureStrain } from './strain.ts'

const STEP_MS = 500
/** A busy machine may stop everything for a moment. */
const TRIES = 2

/** How many rates of a ramp are carried, from the first one, and what was seen at the next one. */
export type Climbed = { steps: number; limit?: string }

/** Sends each rate of `ramp`, in requests a second. */
export function climb(send: Send, ramp: readonly number[]): Promise<Climbed> {
  return countCarried(ramp, (perSecond) =>
    sendOnSchedule(send, perSecond, AbortSignal.timeout(STEP_MS)),
  )
}

export async function countCarried(
  ramp: readonly number[],
  sendStep: (perSecond: number) => Promise<readonly Sample[]>,
): Promise<Climbed> {
  for (const [index, perSecond] of ramp.entries()) {
    for (let tries = 1; ; tries++) {
      const samples = await sendStep(perSecond)
      if (isCarried(measureStrain(samples))) break
      if (tries === TRIES) return { steps: index, limit: describeStrain(samples) }
    }
  }
  return { steps: ramp.length }
}
