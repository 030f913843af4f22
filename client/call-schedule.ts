// Decides when calls start: one at a time, and under load with a pause. A call costs as much as many messages do, so fewer and
// larger calls serve more of them. `make bench` measures it.

/** Under load a call starts this long after the one before, or as soon as as many messages wait as that one carried. */
export const APART_MS = 10
/** A call that takes longer no longer counts, so that one that hangs does not keep the others waiting. */
const SLOW_MS = 100
/** How many of those there may be. Each may hold a batch at the signer, which serves 32 small ones at once. */
const MAX_SLOW_CALLS = 4

export type CallSchedule = {
  /** A message waits. */
  notice: () => void
  /** Makes a call for `size` messages. The next one starts after its promise is settled, which never rejects. */
  run: (size: number, call: () => Promise<unknown>) => Promise<void>
}

/** Makes the schedule. It calls `startNext` when messages wait and a call may start. */
export function createCallSchedule(
  countWaiting: () => number,
  startNext: () => void,
): CallSchedule {
  let isBusy = false
  let slowCalls = 0
  let isStarting = false
  /** True if the newest call carried several messages, or kept any waiting. A caller that is alone goes at once. */
  let isCrowded = false
  let pause: NodeJS.Timeout | undefined
  /** Those of the newest call. */
  let size = 0
  let startedAt = 0

  function notice(): void {
    const isEarly = pause !== undefined && countWaiting() < size
    if (isBusy || isStarting || isEarly || countWaiting() === 0) return
    endPause()
    if (!isCrowded) {
      startNext()
      return
    }
    isStarting = true
    // Not at once, so that all messages that arrive in one turn of the event loop go together.
    setImmediate(() => {
      isStarting = false
      startNext()
    })
  }

  function endPause(): void {
    clearTimeout(pause)
    pause = undefined
  }

  function release(): void {
    isBusy = false
    isCrowded = size > 1 || countWaiting() > 0
    const rest = startedAt + APART_MS - performance.now()
    // After a call with one message there is no load, so a caller that is alone never waits.
    if (size > 1 && rest >= 1) {
      pause = setTimeout(() => {
        endPause()
        notice()
      }, rest)
    }
    notice()
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

  return { notice, run }
}
