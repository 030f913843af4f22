// Limits what is signed and verified, so that a compromised frontend gets a bounded number of signatures. Each key has limits of
// its own. They are in this process alone: a restart resets them, and every Pod has its own.
import { AppError } from '../runtime/errors.ts'
import { createTokenBucket, type TakeTokens } from '../runtime/token-bucket.ts'

const DAY_MS = 24 * 60 * 60 * 1_000

/** Undefined is no limit. */
export type Limits = {
  signaturesPerSecond?: number | undefined
  /** How many may come at once, after a pause. */
  signaturesBurst: number
  /** A day of UTC. */
  signaturesPerDay?: number | undefined
  verificationsPerSecond?: number | undefined
}

/** Spends `count` signatures of a key, or throws AppError rate_limited and spends none. */
export type SpendSignatures = (keyId: string, count: number) => void

/** `now` returns milliseconds since 1970, and `clock` milliseconds that only rise. */
export type LimitOptions = {
  countRefused: (keyId: string, count: number) => void
  now?: () => number
  clock?: () => number
}

/** `readToday` returns how many each key has signed on this day, if that is limited. */
export type Spending = { spend: SpendSignatures; readToday: () => ReadonlyMap<string, number> }

/** Makes the limits of signatures. */
export function limitSignatures(
  limits: Limits,
  { countRefused, now = Date.now, clock }: LimitOptions,
): Spending {
  const { signaturesPerSecond: perSecond, signaturesBurst: burst, signaturesPerDay } = limits
  const perDay = signaturesPerDay ?? Infinity
  const buckets = new Map<string, TakeTokens>()
  const today = new Map<string, number>()
  let day = 0

  function startDay(): void {
    const found = Math.floor(now() / DAY_MS)
    // A clock that was set back does not give the day again.
    if (found <= day) return
    day = found
    today.clear()
  }

  function waitForDay(spent: number, count: number): number {
    return spent + count > perDay ? ((day + 1) * DAY_MS - now()) / 1_000 : 0
  }

  function waitForBucket(keyId: string, count: number): number {
    if (perSecond === undefined) return 0
    const take = buckets.get(keyId) ?? createTokenBucket(perSecond, burst, clock)
    buckets.set(keyId, take)
    return take(count)
  }

  function spend(keyId: string, count: number): void {
    startDay()
    const spent = today.get(keyId) ?? 0
    // In this order, because only the bucket takes something.
    const seconds = waitForDay(spent, count) || waitForBucket(keyId, count)
    if (seconds > 0) {
      countRefused(keyId, count)
      throw limited('signatures', seconds, count, Math.min(perSecond ? burst : Infinity, perDay))
    }
    if (perDay !== Infinity) today.set(keyId, spent + count)
  }

  function readToday(): ReadonlyMap<string, number> {
    startDay()
    return today
  }

  return { spend, readToday }
}

/** Makes the limit of verifications. The function throws AppError rate_limited. */
export function limitVerifications(
  { verificationsPerSecond: perSecond }: Limits,
  { countRefused, clock }: LimitOptions,
): () => void {
  if (perSecond === undefined) return () => {}
  const take = createTokenBucket(perSecond, perSecond, clock)
  return () => {
    const seconds = take(1)
    if (seconds === 0) return
    countRefused('', 1)
    throw limited('verifications', seconds, 1, perSecond)
  }
}

function limited(what: string, seconds: number, count: number, most: number): AppError {
  const detail =
    count > most
      ? `${count} ${what} at once are over the limit: send at most ${most}`
      : `the limit of ${what} is reached, try again after Retry-After`
  return new AppError('rate_limited', detail, { retryAfter: Math.ceil(seconds) })
}
