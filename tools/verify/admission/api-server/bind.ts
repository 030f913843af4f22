// A process that does not outlive this one, even if this one is killed.

/** Returns a program for `spawn` with its arguments. Only Linux tells a process that its parent has ended. */
export function bindToParent(program: string, args: readonly string[]): [string, string[]] {
  return process.platform === 'linux'
    ? ['setpriv', ['--pdeathsig', 'KILL', program, ...args]]
    : [program, [...args]]
}
