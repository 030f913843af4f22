// How much of the machine other programs had during the benchmark. They change the figures, and the ratios too.
import { readdir, readFile } from 'node:fs/promises'
import { isLocalCluster } from '../attack/tokens.ts'
import { findNodeInit } from '../faults/support/node.ts'
import { compareMoments, type Moment, readMachine } from '../machine.ts'

/** Shares of the processor time. `others`: only with the local cluster, whose processes can be told from others. */
export type Noise = { stolen: number; others?: number }
type Process = { pid: number; parent: number; ticks: number }

/** With more than this, the figures are not worth keeping. */
const TOO_MUCH = 0.1

/** Returns the function that measures the noise since the call. */
export async function watchNoise(): Promise<() => Promise<Noise>> {
  const before = await readBoth()
  return async () => compareNoise(before, await readBoth())
}

type Both = { machine: Moment; ownTicks: number | undefined }

async function readBoth(): Promise<Both> {
  const machine = await readMachine()
  if (!isLocalCluster) return { machine, ownTicks: undefined }
  const roots = [process.pid, await findNodeInit().catch(() => process.pid)]
  return { machine, ownTicks: sumTicks(await listProcesses(), roots) }
}

export function compareNoise(before: Both, after: Both): Noise {
  const { idle, stolen } = compareMoments(before.machine, after.machine)
  if (before.ownTicks === undefined || after.ownTicks === undefined) return { stolen }
  const own = (after.ownTicks - before.ownTicks) / (after.machine.all - before.machine.all)
  return { stolen, others: Math.max(0, 1 - idle - stolen - own) }
}

/** The processor time of these processes and of all that they have started. */
export function sumTicks(processes: readonly Process[], roots: readonly number[]): number {
  const own = new Set(roots)
  for (let size = 0; size < own.size; ) {
    size = own.size
    for (const { pid, parent } of processes) if (own.has(parent)) own.add(pid)
  }
  return processes.reduce((sum, { pid, ticks }) => sum + (own.has(pid) ? ticks : 0), 0)
}

async function listProcesses(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process may end at any time.
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
      return stat === undefined ? [] : [parseProcess(stat)]
    }),
  )
  return found.flat()
}

/** Fields 14 to 17 are the times of the process and of its children that have ended. Field 2 may contain spaces. */
export function parseProcess(stat: string): Process {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const ticks = fields.slice(11, 15).reduce((sum, each) => sum + each, 0)
  return { pid: Number.parseInt(stat, 10), parent: fields[1] ?? 0, ticks }
}

function isNoisy({ stolen, others = 0 }: Noise): boolean {
  return stolen + others > TOO_MUCH
}

/** Says what the noise was, and marks a run with too much of it. */
export function describeNoise(noise: Noise): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`
  const { stolen, others } = noise
  const taken = [
    ...(others === undefined ? [] : [`other programs took ${percent(others)}`]),
    `the hypervisor took ${percent(stolen)}`,
  ]
  const text = `During the run ${taken.join(' and ')} of the processor time.`
  return isNoisy(noise) ? `${text} **That is too much: repeat this on a quiet machine.**` : text
}
