// Measures the subjects in turns, so that other work of the machine affects all of them.
import { say } from '../../cli/terminal.ts'
import type { Load } from './generator.ts'
import { ALONE, type Generate, MANY, type Subject, USUAL } from './subject.ts'

const ROUNDS = 5
/** Under load, fewer rounds are enough. */
const LOAD_ROUNDS = 3
const ALONE_SECONDS = 0.6
const LOAD_SECONDS = 1.5
/** V8 compiles the services while they serve. In a Pod with little CPU time, that takes tens of thousands of messages. */
const WARM_UP_SECONDS = 6

/** By the number of connections. */
export type Loads = ReadonlyMap<number, Load>

export const conditions = `Medians of ${ROUNDS} rounds at ${ALONE} connection, and of ${LOAD_ROUNDS} under load, after a load of ${WARM_UP_SECONDS} s to warm up.`

/** Measures each subject at its numbers of connections. `signal` ends it. */
export async function measureAll(
  subjects: readonly Subject[],
  generate: Generate,
  signal: AbortSignal,
): Promise<Loads[]> {
  const rounds = subjects.map(() => new Map<number, Load[]>())
  say('warming up')
  for (const subject of subjects) {
    signal.throwIfAborted()
    await measure(subject, USUAL, generate, WARM_UP_SECONDS)
  }
  for (let round = 1; round <= ROUNDS; round++) {
    say(`round ${round} of ${ROUNDS}`)
    for (const connections of [ALONE, USUAL, MANY]) {
      if (connections !== ALONE && round > LOAD_ROUNDS) continue
      for (const [index, subject] of subjects.entries()) {
        if (!subject.connections.includes(connections)) continue
        signal.throwIfAborted()
        const load = await measure(subject, connections, generate)
        const found = rounds[index]
        found?.set(connections, [...(found.get(connections) ?? []), load])
      }
    }
  }
  return rounds.map((each) => new Map([...each].map(([key, loads]) => [key, takeMedians(loads)])))
}

/** Measures one subject. Throws if no answer is 200. */
async function measure(
  { address, write, name, generate }: Subject,
  connections: number,
  fromHere: Generate,
  seconds = connections === ALONE ? ALONE_SECONDS : LOAD_SECONDS,
): Promise<Load> {
  const load = await (generate ?? fromHere)({ address, bytes: write(), connections, seconds })
  if (load.perSecond === 0) {
    throw new Error(`${name}: all of ${load.failed} requests failed at ${connections} connections`)
  }
  return load
}

/** The median of each figure by itself. Every failed request counts. */
export function takeMedians(loads: readonly Load[]): Load {
  const medianOf = (read: (load: Load) => number) => median(loads.map(read))
  return {
    perSecond: medianOf(({ perSecond }) => perSecond),
    served: medianOf(({ served }) => served),
    failed: loads.reduce((sum, { failed }) => sum + failed, 0),
    p50Ms: medianOf(({ p50Ms }) => p50Ms),
    p99Ms: medianOf(({ p99Ms }) => p99Ms),
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
