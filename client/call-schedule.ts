// Decides when calls start. There is one at a time, and under load a pause comes after it. A call costs as much as many messages,
// so fewer and larger calls serve more of them. `make bench` measures what that brings.

/** Under load a call starts this long after the one before, or as soon as as many messages wait as that one carried. */
export const APART_MS = 5
/** A call that takes longer no longer counts, so that one that hangs does not keep the others waiting. */
const SLOW_MS = 100
/** How many of those there may be. The signer serves 8 batches at once. */
const MAX_SLOW_CALLS = 4

export type CallSchedule = {
  /** Returns true if a message may go without waiting. */
  isIdle: () => boolean
  /** Makes a call for `size` messages. It counts until the promise is settled, which never rejects. */
  run: (size: number, call: () => Promise<unknown>) => Promise<void>
  /** Ends the pause if enough messages wait. */
  checkWaiting: () => void
}

/** Makes the schedule. It calls `startNext` when a call may start and messages wait. */
export function createCallSchedule(
  countWaiting: () => number,
  startNext: () => void,
): CallSchedule {
  let isBusy = false
  let slowCalls = 0
  let pause: NodeJS.Timeout | undefined
  /** The newest call. */
  let size = 0
  let startedAt = 0

  function goOn(): void {
    clearTimeout(pause)
    pause = undefined
    if (countWaiting() > 0) startNext()
  }

  function release(): void {
    isBusy = false
    const rest = startedAt + APART_MS - performance.now()
    // After a call with one message there is no load, so a caller that is alone never waits.
    if (size < 2 || rest < 1 || countWaiting() >= size) goOn()
    else pause = setTimeout(goOn, rest)
  }

  async function run(count: number, call: () => Promise<unknown>): Promise<void> {
    isBusy = true
    size = count
    startedAt = performance.now()
    let isSlow = false
    const timer = setTimeout(() => {
      if (slowCalls >= MAX_SLOW_CALLS) return
      isSlow = true
      slowCalls += 1
      release()
    }, SLOW_MS)
    await call()
    clearTimeout(timer)
    if (isSlow) slowCalls -= 1
    else release()
  }

  return {
    isIdle: () => !isBusy && pause === undefined,
    run,
    checkWaiting: () => {
      if (pause !== undefined && countWaiting() >= size) goOn()
    },
  }
}
