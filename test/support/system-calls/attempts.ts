// Native code that makes any system call, as an attacker would bring along.
import { join } from 'node:path'
import { buildStaticGo } from '../static-go.ts'

const source = join(import.meta.dirname, 'attempts')

/** System call → EPERM or ENOSYS if it was refused, or another result. */
export type Attempts = Record<string, string>

/** The attempted calls that each container may make. */
export const letThrough = {
  frontend: ['connect', 'read', 'socket, TCP', 'socket, UDP'],
  signer: ['read', 'rename', 'socket, unix'],
}

/** Compiles the program into `folder`. Returns its path. */
export function buildAttempts(folder: string): Promise<string> {
  return buildStaticGo(source, folder)
}

export function listLetThrough(attempts: Attempts): string[] {
  const names = Object.keys(attempts)
  return names.filter((name) => !/^(EPERM|ENOSYS)$/.test(attempts[name] ?? '')).toSorted()
}
