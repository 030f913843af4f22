// Starts a program, and measures its start time and its memory.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const START_MS = 15_000
const POLL_MS = 1

export type Started = { child: ChildProcess; pid: number; readyMs: number; stop: () => void }

/** Starts a program with its output in the file `log`. Waits until the log contains `sign`. */
export async function startProgram(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  log: string,
  sign: string,
): Promise<Started> {
  const output = openSync(log, 'w')
  const start = performance.now()
  const child = spawn(program, args, { env, stdio: ['ignore', output, output] })
  closeSync(output)
  while (!(await readFile(log, 'utf8')).includes(sign)) {
    if (performance.now() - start > START_MS || child.exitCode !== null) {
      child.kill('SIGKILL')
      throw new Error(`${program} did not start. Its output: ${await readFile(log, 'utf8')}`)
    }
    await sleep(POLL_MS)
  }
  const { pid = 0 } = child
  return { child, pid, readyMs: performance.now() - start, stop: () => child.kill('SIGKILL') }
}

/** The same for a Node program that logs the event "listening". */
export function startNode(
  args: readonly string[],
  env: Record<string, string>,
  log: string,
): Promise<Started> {
  return startProgram(process.execPath, args, env, log, '"event":"listening"')
}
