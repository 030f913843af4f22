// Runs a program, and writes its standard output to a file as it arrives. A log may be larger than the memory.
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { RunResult } from './exec.ts'

/** The longest time without a byte. */
const idleTimeoutMs = 60_000

/** `path` must not exist, and only this user can read it. The codes are those of tryRun. A failed program may leave a part. */
export async function runToFile(
  command: string,
  args: readonly string[],
  path: string,
): Promise<Omit<RunResult, 'stdout'>> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  let isTooSlow = false
  const timer = setTimeout(() => {
    isTooSlow = true
    child.kill('SIGKILL')
  }, idleTimeoutMs)
  child.stdout.on('data', () => timer.refresh())
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  const ended = new Promise<number>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      stderr += error.message
      resolve(error.code === 'ENOENT' ? 127 : 126)
    })
    child.on('close', (code) => resolve(isTooSlow ? 124 : (code ?? 137)))
  })
  try {
    // A full disk ends the pipeline, and so the program.
    await pipeline(child.stdout, createWriteStream(path, { mode: 0o600, flags: 'wx' }))
    return { code: await ended, stderr }
  } finally {
    clearTimeout(timer)
    child.kill()
  }
}
