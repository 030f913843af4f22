// Runs code in containers of the cluster as an attacker would: with Node, but without our flags.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { type Outcome, type Probe, runProbes } from './probe.ts'
import { BATCH_MS, PROBE_MS } from './timeouts.ts'

export type Container = { namespace: string; pod: string; container: string }
/** Where requests come from: a container, or this machine. */
export type Origin = Container | 'here'

/**
 * Calls an exported function of `file` with `args` in a container. `file` is relative to the repository, and goes to the
 * container by standard input. `flags`: of Node.
 */
export async function callIn<T>(
  { namespace, pod, container }: Container,
  file: string,
  name: string,
  args: unknown,
  flags: readonly string[] = [],
): Promise<T> {
  const source = await readFile(join(CHECKOUT, file), 'utf8')
  const call = `console.log(JSON.stringify(await (${name})(${JSON.stringify(args)})))`
  const target = ['exec', '-i', '-n', namespace, pod, '-c', container, '--']
  const node = ['/nodejs/bin/node', ...flags, '--input-type=module-typescript', '-']
  const output = await kubectl([...target, ...node], {
    input: `${source}\n${call}\n`,
    timeoutMs: BATCH_MS,
  })
  return JSON.parse(output)
}

/** Runs the probes from a container or from this machine. The outcomes have the same order. */
export function probeFrom(origin: Origin, probes: readonly Probe[]): Promise<Outcome[]> {
  if (origin === 'here') return runProbes(probes, PROBE_MS)
  return callIn(
    origin,
    'tools/verify/attack/probe.ts',
    `(probes) => runProbes(probes, ${PROBE_MS})`,
    probes,
  )
}

export function probeInTurnFrom(
  container: Container,
  probes: readonly Probe[],
): Promise<Outcome[]> {
  return callIn(
    container,
    'tools/verify/attack/probe.ts',
    `(probes) => runProbes(probes, ${PROBE_MS}, 1)`,
    probes,
  )
}
