// Runs code in containers of the cluster, as somebody would who has got in: Node without any of our flags.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kubectl } from '../../../deploy/kubectl.ts'
import type { H2Outcome, H2Request } from './h2-probe.ts'
import type { Outcome, Probe } from './probe.ts'
import { BATCH_MS, PROBE_MS } from './timeouts.ts'

export type Container = { namespace: string; pod: string; container: string }

/**
 * Calls an exported function of a file here with `args`, in a container; both go there by standard input. `flags` are Node's,
 * none unless given.
 */
export async function callIn<T>(
  { namespace, pod, container }: Container,
  file: string,
  name: string,
  args: unknown,
  flags: readonly string[] = [],
): Promise<T> {
  const source = await readFile(join(import.meta.dirname, file), 'utf8')
  const call = `console.log(JSON.stringify(await (${name})(${JSON.stringify(args)})))`
  const target = ['exec', '-i', '-n', namespace, pod, '-c', container, '--']
  const node = ['/nodejs/bin/node', ...flags, '--input-type=module-typescript', '-']
  const output = await kubectl([...target, ...node], {
    input: `${source}\n${call}\n`,
    timeoutMs: BATCH_MS,
  })
  return JSON.parse(output)
}

/** Runs the probes in a container; their outcomes are in the same order. */
export function probeFrom(container: Container, probes: readonly Probe[]): Promise<Outcome[]> {
  return callIn(container, 'probe.ts', `(probes) => runProbes(probes, ${PROBE_MS})`, probes)
}

/** One after the other. */
export function probeInTurnFrom(
  container: Container,
  probes: readonly Probe[],
): Promise<Outcome[]> {
  return callIn(container, 'probe.ts', `(probes) => runProbes(probes, ${PROBE_MS}, 1)`, probes)
}

/** As many as there are names, all of them to one place. */
export async function sendFrom(
  container: Container,
  place: Pick<Probe, 'host' | 'port'>,
  requests: Record<string, string>,
): Promise<Record<string, Outcome>> {
  const probes = Object.values(requests).map((bytes) => ({ ...place, bytes }))
  const outcomes = await probeFrom(container, probes)
  return Object.fromEntries(
    Object.keys(requests).map((name, index) => [name, outcomes[index] as Outcome]),
  )
}

/** The same over HTTP/2. */
export function sendH2From(
  container: Container,
  place: Pick<Probe, 'host' | 'port'>,
  requests: readonly H2Request[],
): Promise<H2Outcome[]> {
  const call = `({ place, requests }) => runH2Requests(place, requests, ${PROBE_MS})`
  return callIn(container, 'h2-probe.ts', call, { place, requests })
}
