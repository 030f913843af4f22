// What the machine did between two moments. It tells a slow machine from a slow program.
import { readFile } from 'node:fs/promises'

/**
 * Totals since the machine started, of the processors that this program may use, in ticks of their clock. `waitedUs`: only if the
 * kernel measures it.
 */
export type Moment = {
  at: number
  all: number
  idle: number
  stolen: number
  waitedUs?: number
}

/** Shares of the time. `stolen`: by the hypervisor. `waited`: some program waited for a processor. */
export type MachineUse = { idle: number; stolen: number; waited?: number }

export async function readMachine(): Promise<Moment> {
  const stat = await readFile('/proc/stat', 'utf8')
  // Absent if the kernel does not measure pressure.
  const pressure = await readFile('/proc/pressure/cpu', 'utf8').catch(() => '')
  const status = await readFile('/proc/self/status', 'utf8')
  const [, allowed = ''] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status) ?? []
  return parseMachine(stat, pressure, performance.now(), allowed)
}

/** `allowed`: the numbers of processors, for example "0-1,4". */
export function parseMachine(stat: string, pressure: string, at: number, allowed: string): Moment {
  const ranges = allowed.split(',').map((each) => each.split('-').map(Number))
  const isAllowed = (processor: number) =>
    ranges.some(([first = 0, last = first]) => first <= processor && processor <= last)
  const lines = [...stat.matchAll(/^cpu(\d+) (.+)$/gm)]
    .filter(([, processor]) => isAllowed(Number(processor)))
    // Fields 9 and 10, of guests, are also in fields 1 and 2.
    .map(([, , fields = '']) => fields.split(' ').slice(0, 8).map(Number))
  const sum = (ticks: readonly number[]) => ticks.reduce((total, each) => total + each, 0)
  const sumField = (field: number) => sum(lines.map((each) => each[field] ?? 0))
  const [idle, ioWait, stolen] = [sumField(3), sumField(4), sumField(7)]
  const all = sum(lines.flat())
  const [, waited] = /^some .*total=(\d+)$/m.exec(pressure) ?? []
  const totals = { at, all, idle: idle + ioWait, stolen }
  return waited === undefined ? totals : { ...totals, waitedUs: Number(waited) }
}

export function compareMoments(before: Moment, after: Moment): MachineUse {
  const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole)
  const all = after.all - before.all
  const use = {
    idle: share(after.idle - before.idle, all),
    stolen: share(after.stolen - before.stolen, all),
  }
  if (before.waitedUs === undefined || after.waitedUs === undefined) return use
  const us = (after.at - before.at) * 1_000
  return { ...use, waited: share(after.waitedUs - before.waitedUs, us) }
}

/** Says e.g. "The processors were idle for 2 %, and a program waited for one for 80 % of the time". */
export function describeUse({ idle, stolen, waited }: MachineUse): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`
  const parts = [
    `The processors were idle for ${percent(idle)}`,
    ...(stolen < 0.01 ? [] : [`the hypervisor took ${percent(stolen)}`]),
    ...(waited === undefined ? [] : [`some program waited for one for ${percent(waited)}`]),
  ]
  return `${parts.join(', ')} of the time`
}
