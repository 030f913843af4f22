// Sends requests from containers of the cluster as an attacker would: with Node in the container, but without our flags. Where a
// container has no Node, the requests enter its Pod by a port-forward, which ends at the Pod's loopback.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import { tryRun } from '../../cli/exec.ts'
import { atPace } from '../../cli/pace.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { startPortForward } from '../../kube/port-forward.ts'
import { type Outcome, PARALLEL, type Place, type Probe, runProbes } from './probe.ts'
import { BATCH_MS, PROBE_MS } from './timeouts.ts'

export type Container = {
  namespace: string
  pod: string
  container: string
  /** The program, if it is not that of our images. `none`: the container has no Node. */
  node?: string
}
/** Where requests come from: a container, or this machine. */
export type Origin = Container | 'here'

/** Node of our images, of which an attacker has no other program. */
const ownNode = '/nodejs/bin/node'
const evaluating = ['--input-type=module-typescript', '-']

/** Returns the container with its Node. An older one than ours does not run our files. */
export async function withNode(container: Container): Promise<Container> {
  for (const node of [ownNode, 'node']) {
    const { code } = await tryRun('kubectl', [...execIn(container), node, ...evaluating], {
      input: 'export {}',
      timeoutMs: BATCH_MS,
    })
    if (code === 0) return { ...container, node }
  }
  return { ...container, node: 'none' }
}

export function hasNode({ node }: Container): boolean {
  return node !== 'none'
}

/** The beginning of a kubectl command that runs a program in the container. */
export function execIn({ namespace, pod, container }: Container): string[] {
  return ['exec', '-i', '-n', namespace, pod, '-c', container, '--']
}

/**
 * Calls an exported function of `file` with `args` in a container. `file` is relative to the repository, and goes to the
 * container by standard input. `flags`: of Node.
 */
export async function callIn<T>(
  container: Container,
  file: string,
  name: string,
  args: unknown,
  flags: readonly string[] = [],
): Promise<T> {
  const source = await readFile(join(CHECKOUT, file), 'utf8')
  const call = `console.log(JSON.stringify(await (${name})(${JSON.stringify(args)})))`
  const node = [container.node ?? ownNode, ...flags, ...evaluating]
  const output = await kubectl([...execIn(container), ...node], {
    input: `${source}\n${call}\n`,
    timeoutMs: BATCH_MS,
  })
  return JSON.parse(output)
}

/**
 * Runs the probes from a container or from this machine, `most` concurrently, but fewer on a slow machine: the proxy gives a
 * connection to the signer one second. The outcomes have the same order.
 */
export async function probeFrom(
  origin: Origin,
  probes: readonly Probe[],
  most = PARALLEL,
): Promise<Outcome[]> {
  const parallel = Math.max(1, Math.floor(most / atPace(1)))
  const limitMs = atPace(PROBE_MS)
  if (origin === 'here') return runProbes(probes, limitMs, parallel)
  if (!hasNode(origin)) {
    return intoPod(origin, probes, (places) => runProbes(places, limitMs, parallel))
  }
  return callIn(
    origin,
    'tools/verify/attack/probe.ts',
    `(probes) => runProbes(probes, ${limitMs}, ${parallel})`,
    probes,
  )
}

export function probeInTurnFrom(
  container: Container,
  probes: readonly Probe[],
): Promise<Outcome[]> {
  return probeFrom(container, probes, 1)
}

/** Calls `use` with `places` on this machine that lead to the same ports on the loopback of the Pod. */
export async function intoPod<P extends Place, T>(
  { namespace, pod, container }: Container,
  places: readonly P[],
  use: (places: P[]) => Promise<T>,
): Promise<T> {
  const foreign = places.find(({ host }) => !['127.0.0.1', 'localhost'].includes(host))
  if (foreign !== undefined) {
    throw new Error(`${container} has no Node, so it cannot call ${foreign.host}`)
  }
  const ports = [...new Set(places.map(({ port }) => port))]
  const forwards = await Promise.all(
    ports.map((port) => startPortForward(['-n', namespace, `pod/${pod}`], port)),
  )
  try {
    return await use(
      places.map((each) => ({
        ...each,
        ...{ host: '127.0.0.1', port: forwards[ports.indexOf(each.port)]?.port ?? 0 },
      })),
    )
  } finally {
    for (const { stop } of forwards) stop()
  }
}
