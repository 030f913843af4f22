// Limits what is signed or verified, so that a compromised frontend gets a bounded number of signatures. Each key has a limit of its
// own. It is in this process alone: a restart resets it, and every Pod has its own.
import { AppError } from '../runtime/errors.ts'
import { createTokenBucket, type TakeTokens } from '../runtime/token-bucket.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

/** Undefined is no limit. `burst`: how many may come at once, after a pause. The day is one of UTC. */
export type Rate = { perSecond: number | undefined; burst: number; perDay: number | undefined }

/** `now` returns milliseconds since 1970, and `clock` milliseconds that only rise. */
export type LimitOptions = {
  countRefused: (keyId: string, count: number) => void
  now?: () => number
  clock?: () => number
}

/** Spends `count` of a key, or throws AppError rate_limited and spends nothing. */
export type Spend = (keyId: string, count: number) => void

/** Makes a limit. `what` is for the error, for example "signatures". */
export function createLimit(
  what: string,
  { perSecond = Infinity, burst, perDay = Infinity }: Rate,
  { countRefused, now = Date.now, clock }: LimitOptions,
) {
  const buckets = new Map<string, TakeTokens>()
  const today = new Map<string, number>()
  let day = 0

  /** Returns how many of each key are spent on this day, if a day is limited. */
  function readToday(): ReadonlyMap<string, number> {
    const found = Math.floor(now() / DAY_MS)
    // A clock that was set back does not give the day again.
    if (found > day) today.clear()
    day = Math.max(found, day)
    return today
  }

  function takeFrom(keyId: string, count: number): number {
    if (perSecond === Infinity) return 0
    const take = buckets.get(keyId) ?? createTokenBucket(perSecond, burst, clock)
    buckets.set(keyId, take)
    return take(count)
  }

  /** Spends `count` of a key, or throws AppError rate_limited and spends nothing. */
  function spend(keyId: string, count: number): void {
    const spent = (readToday().get(keyId) ?? 0) + count
    // The bucket is last, because asking it takes something.
    const untilDay = Math.max(((day + 1) * DAY_MS - now()) / 1_000, count / perSecond)
    const seconds = spent > perDay ? untilDay : takeFrom(keyId, count)
    if (seconds > 0) {
      countRefused(keyId, count)
      const most = Math.min(perSecond === Infinity ? Infinity : burst, perDay)
      const advice = count > most ? `send at most ${most} at once` : 'try again after Retry-After'
      const detail = `the limit of ${what} is reached, ${advice}`
      throw new AppError('rate_limited', detail, { retryAfter: Math.ceil(seconds) })
    }
    if (perDay !== Infinity) today.set(keyId, spent)
  }

  return { spend, readToday }
}
