// The CPU time of a message in each process that handles it. Other work of the machine changes it less than a rate: it takes the
// caches.
import { readFile } from 'node:fs/promises'
import { findInContainer } from '../faults/support/node.ts'
import type { Pod } from '../faults/support/pods.ts'
import { type Generate, type Processes, type Subject, USUAL } from './subject.ts'

const MESSAGES = 10_000
const LONGEST_SECONDS = 60
/** A tick of the clock in /proc/PID/stat. */
const TICK_US = 10_000

/** Microseconds a message. */
export type CpuTime = { name: string } & Processes

/** Finds the processes of a Pod with a frontend, a proxy and perhaps a signer. */
export async function findProcesses(pod: Pod, hasSigner: boolean): Promise<Processes> {
  return {
    application: await findInContainer(pod, 'frontend', 'node'),
    proxy: await findInContainer(pod, 'istio-proxy', 'envoy'),
    ...(hasSigner && { signer: await findInContainer(pod, 'signer', 'node') }),
  }
}

/** Sends a load to each subject whose processes are known. */
export async function measureCpuTimes(
  subjects: readonly Subject[],
  generate: Generate,
): Promise<CpuTime[]> {
  const times: CpuTime[] = []
  for (const subject of subjects) {
    const { processes } = subject
    if (processes !== undefined) times.push(await measureCpuTime(subject, processes, generate))
  }
  return times
}

async function measureCpuTime(
  { name, address, write, generate }: Subject,
  processes: Processes,
  fromHere: Generate,
): Promise<CpuTime> {
  const load = { address, bytes: write(), connections: USUAL, seconds: LONGEST_SECONDS }
  const before = await readTimes(processes)
  const { served } = await (generate ?? fromHere)({ ...load, requests: MESSAGES })
  const after = await readTimes(processes)
  const each = Object.entries(after).map(([key, us]) => [key, (us - (before[key] ?? 0)) / served])
  return { name, application: Number.NaN, ...Object.fromEntries(each) }
}

async function readTimes(processes: Processes): Promise<Record<string, number>> {
  const times = Object.entries(processes).map(async ([key, pid]) => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return [key, parseCpuTime(stat)]
  })
  return Object.fromEntries(await Promise.all(times))
}

/** Microseconds in user mode and in the kernel, fields 14 and 15 of /proc/PID/stat. Field 2 may contain spaces and parentheses. */
export function parseCpuTime(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_US
}
