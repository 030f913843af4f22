// What the kernel says about the refused attempts of the probe.
import type { Attempt } from './probe.ts'

export type Outcome = Attempt & {
  /** The kernel's records of refusals by this profile in this attempt, without what only tells processes apart. */
  records: string[]
}

/** Joins attempts and AppArmor's records of `profile`, by the name of the thread. */
export function joinRecords(attempts: readonly Attempt[], kernel: string, profile: string) {
  const denied = kernel
    .split('\n')
    .filter((line) => line.includes('apparmor="DENIED"') && line.includes(`profile="${profile}"`))
  return attempts.map((attempt): Outcome => {
    const own = denied.filter((line) => line.includes(`comm="${attempt.comm}"`))
    return { ...attempt, records: [...new Set(own.map(shorten))] }
  })
}

function shorten(line: string): string {
  return line
    .replace(/^.*apparmor="DENIED" /, '')
    .replaceAll(/ ?\b(profile|comm|pid|fsuid|ouid|error|info)=("[^"]*"|\S+)/g, '')
    .replaceAll(/"/g, '')
    .trim()
}
