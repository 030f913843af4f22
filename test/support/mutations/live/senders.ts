// Programs that wait in containers of the cluster, and send probes from there at once.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../../tools/cli/checkout.ts'
import { execIn, type Origin } from '../../../../tools/verify/attack/containers.ts'
import { type Outcome, type Probe, runProbes } from '../../../../tools/verify/attack/probe.ts'
import { composeProgram, type LineProgram, startLineProgram } from './line-program.ts'

/** A refusal comes at once. */
const PROBE_MS = 2_500
const PARALLEL = 32

export type Senders = {
  send: (from: Origin, probes: readonly Probe[]) => Promise<Outcome[]>
  stop: () => void
}

/** Starts the program of a container at the first probe from there. */
export async function openSenders(): Promise<Senders> {
  const source = await readFile(join(CHECKOUT, 'tools/verify/attack/probe.ts'), 'utf8')
  const answer = `(probes) => runProbes(probes, ${PROBE_MS}, ${PARALLEL})`
  const program = composeProgram(source, answer)
  const senders = new Map<string, LineProgram<readonly Probe[], Outcome[]>>()
  return {
    send: (from, probes) => {
      if (from === 'here') return runProbes(probes, PROBE_MS, PARALLEL)
      const key = JSON.stringify(from)
      const node = from.node ?? '/nodejs/bin/node'
      // The Pod may end, and the next probe starts the program again.
      const sender =
        senders.get(key) ??
        startLineProgram<readonly Probe[], Outcome[]>(
          ...([from.pod, 'kubectl', [...execIn(from), node, ...program]] as const),
          () => senders.delete(key),
        )
      senders.set(key, sender)
      return sender.ask(probes)
    },
    stop: () => {
      for (const { stop } of senders.values()) stop()
      senders.clear()
    },
  }
}
