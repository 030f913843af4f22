// How slow this machine is. A time limit is for a usual machine, and a slow one gets more time: what works there must not fail
// because of our limit.

/** Milliseconds in which a program of this project starts on a usual machine, even a busy one. */
const usualStartMs = 1_000
/** A machine that was asleep meanwhile must not wait forever. */
const slowest = 20
let pace = 1

/** Measures by the time that this program took to start. Each program calls it once, as its first action. */
export function measurePace(startMs = performance.now()): void {
  pace = Math.min(slowest, Math.max(1, Math.floor(startMs / usualStartMs)))
}

/** Returns a time limit, or a pause between two polls, for this machine: `ms`, or a whole multiple of it. */
export function atPace(ms: number): number {
  return ms * pace
}
