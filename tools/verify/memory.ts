// The memory of a process of this machine.
import { readFile } from 'node:fs/promises'

/** Reads the resident memory in MiB, with a fraction: the peak (VmHWM) or what it has now (VmRSS). */
export async function readMemoryMib(pid: number, field: 'VmHWM' | 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, size] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
  return Number(size) / 1_024
}
