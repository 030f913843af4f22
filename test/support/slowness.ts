// How much longer programs take on this machine than on a usual one. The limits of time in the tests are longer by that factor.
// They end only what hangs, so no test passes because of it.
import { spawnSync } from 'node:child_process'

/** On two cores with nothing else to do, three starts of Node take 75 to 120 ms. */
const STARTS = 3
const USUAL_MS = 200

/** vitest.config.ts measures it once, and the processes of the run inherit it. */
process.env.TEST_SLOWNESS ??= String(measureSlowness())
const slowness = Number(process.env.TEST_SLOWNESS)

function measureSlowness(): number {
  const begin = performance.now()
  for (let count = 0; count < STARTS; count++) spawnSync(process.execPath, ['--eval', ''])
  return Math.max(1, (performance.now() - begin) / USUAL_MS)
}

/** Returns the limit on this machine, in milliseconds. `ms`: on a usual one. */
export function allow(ms: number): number {
  return Math.round(ms * slowness)
}
