// A token bucket, which limits a rate and allows bursts.

/** Takes `count` tokens and returns 0, or takes none and returns after how many seconds they are there. */
export type TakeTokens = (count: number) => number

/** Against rounding, so that a caller who waits as told is served. What is taken too early is missing later. */
const TOLERANCE = 1e-6

/** Makes a full bucket. More than `capacity` tokens are never there. `clock` returns milliseconds that only rise. */
export function createTokenBucket(
  perSecond: number,
  capacity: number,
  clock: () => number = () => performance.now(),
): TakeTokens {
  let tokens = capacity
  let filledAt = clock()
  return (count) => {
    const now = clock()
    tokens = Math.min(capacity, tokens + ((now - filledAt) / 1_000) * perSecond)
    filledAt = now
    const missing = count - tokens
    if (missing > TOLERANCE) return missing / perSecond
    tokens -= count
    return 0
  }
}
