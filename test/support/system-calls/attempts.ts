// Native code for system calls that Node cannot make, as an attacker would use it.
import { join } from 'node:path'
import { run } from '../../../tools/cli/exec.ts'

const source = join(import.meta.dirname, 'attempts')

/** A system call → EPERM, ENOSYS, or what else came of it: then it was let through. */
export type Attempts = Record<string, string>

/** Those that each container may make; of what is attempted, all others are refused. */
export const letThrough = {
  frontend: ['connect', 'read', 'socket, TCP', 'socket, UDP'],
  signer: ['read', 'rename', 'socket, unix'],
}

/** Compiles it into `folder`, statically, and returns the program's path. */
export async function buildAttempts(folder: string): Promise<string> {
  const program = join(folder, 'attempts')
  const env = {
    ...process.env,
    CGO_ENABLED: '0',
    GOFLAGS: '-trimpath -buildvcs=false',
    GOWORK: 'off',
  }
  await run('go', ['build', '-o', program, '.'], { cwd: source, env })
  return program
}

/** The names of those that were not refused, sorted. */
export function listLetThrough(attempts: Attempts): string[] {
  const names = Object.keys(attempts)
  return names.filter((name) => !/^(EPERM|ENOSYS)$/.test(attempts[name] ?? '')).toSorted()
}
