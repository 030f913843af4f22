// What the probe may do under the AppArmor profiles, and the report of what it may not.
import { joinRecords, type Outcome } from './denials.ts'
import { parseAttempts } from './probe.ts'
import type { GuestResult } from './run-guest.ts'

export const confined = ['frontend', 'signer'] as const
export type Confined = (typeof confined)[number]
/** As the container runs. As root with all capabilities and without a system call filter. The same without a profile. */
export const runs = { deployed: 'd', root: 'r', control: 'c' } as const
export type Run = keyof typeof runs

/** AppArmor stops these for nobody. The component seccomp does. */
const unmediated = [
  'map a file in memory for execution',
  'make a user namespace',
  'System V shared memory',
  'io_uring',
  'key in a keyring',
]
const ipSockets = [
  ...['TCP socket', 'UDP socket', 'TCP socket for IPv6', 'UDP socket for IPv6'],
  ...['listen on TCP port 9000', 'connect to a TCP port'],
]
const unixSockets = ['Unix stream socket', 'listen on an abstract Unix socket']

/** All that succeeds. The rest is refused. */
export const allowed: Record<Confined, Record<'deployed' | 'root', readonly string[]>> = {
  frontend: { deployed: ipSockets, root: [...ipSockets, ...unmediated] },
  signer: {
    deployed: ['read /run/key/primary', ...unixSockets],
    root: ['read /run/key/primary', ...unixSockets, 'socket pair', ...unmediated],
  },
}

/** The frontend does not have the signer's folders, so these prove nothing there. */
const signerAlone = /in \/run\/|\/run\/(signer|pairing)\/|the signer's socket/

/** Returns what the probe reports of one run, with the kernel's records. */
export function outcomesOf(result: GuestResult, container: Confined, run: Run): Outcome[] {
  const own = parseAttempts(result.output).filter(
    ({ name, comm }) =>
      comm.startsWith(`${container}-${runs[run]}-`) &&
      (container === 'signer' || !signerAlone.test(name)),
  )
  return joinRecords(own, result.kernel, `secure-signing-${container}`)
}

/** Each needs the capability sys_admin. The kernel records a capability once for a profile and processor. */
const administration = [
  ...['mount with fsopen and move_mount', 'unmount', 'set the host name', 'fanotify'],
  'performance counter of the kernel',
]

/** Returns what the profile does not refuse: successes, and errors without the kernel's record. */
export function listNotRefused(outcomes: readonly Outcome[]): string[] {
  const hasRecord = outcomes.some(({ records }) =>
    records.some((each) => each.includes('capname=sys_admin')),
  )
  return outcomes
    .filter(({ name, errno, records }) => {
      const isRecorded = records.length > 0 || (hasRecord && administration.includes(name))
      return !isRecorded || !['EACCES', 'EPERM'].includes(errno)
    })
    .map(({ name, errno }) => (errno === '' ? name : `${name}: ${errno}`))
    .toSorted()
}

/** A Markdown table of what AppArmor alone refuses, with the kernel's words, and of the results as deployed. */
export function formatTable(result: GuestResult): string {
  const rows = confined.flatMap((container) => {
    const deployed = new Map(
      outcomesOf(result, container, 'deployed').map(({ name, errno }) => [name, errno]),
    )
    return outcomesOf(result, container, 'root').map(({ name, errno, records }) =>
      [
        ...[container, name, errno || 'allowed', deployed.get(name) || 'allowed'],
        records.map((each) => `\`${each}\``).join(' '),
      ].join(' | '),
    )
  })
  const head = ['container', 'attempt', 'AppArmor alone, as root', 'as deployed', 'kernel']
  return [head.join(' | '), head.map(() => '---').join('|'), ...rows]
    .map((row) => `| ${row} |`)
    .join('\n')
}
