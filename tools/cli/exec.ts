// Runs other programs. Arguments do not pass through a shell. Input goes to stdin, so that no secret is in an argument.
import { type SpawnOptions, spawn } from 'node:child_process'
import { atPace } from './pace.ts'

export type RunOptions = {
  input?: string | Uint8Array
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** After this many milliseconds the program is killed with SIGKILL. A slow machine gets more: pace.ts. */
  timeoutMs?: number
  /** Kills the program with SIGKILL. */
  signal?: AbortSignal
  /** Receives each piece of standard error as it arrives, to show progress. */
  onStderr?: (text: string) => void
}

export type RunResult = { code: number; stdout: string; stderr: string }

/** A program did not start, or ended with a code other than 0. */
export class CommandError extends Error {
  readonly result: RunResult

  constructor(command: string, result: RunResult) {
    const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-15).join('\n')
    super(`${command} exited with ${result.code}${said === '' ? '' : `:\n${said}`}`)
    this.name = 'CommandError'
    this.result = result
  }
}

/** Runs a program to its end, and returns its exit code. 127: not found. 124: killed after `timeoutMs`. */
export function tryRun(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const spawnOptions: SpawnOptions = { stdio: ['pipe', 'pipe', 'pipe'] }
  if (options.cwd !== undefined) spawnOptions.cwd = options.cwd
  if (options.env !== undefined) spawnOptions.env = options.env
  if (options.signal !== undefined) {
    spawnOptions.signal = options.signal
    spawnOptions.killSignal = 'SIGKILL'
  }
  return new Promise((resolve) => {
    const child = spawn(command, args, spawnOptions)
    const stdout: Buffer[] = []
    let stderr = ''
    let timedOut = false
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true
            child.kill('SIGKILL')
          }, atPace(options.timeoutMs))
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk
      options.onStderr?.(chunk.toString())
    })
    const finish = (code: number) => {
      clearTimeout(timer)
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr })
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      stderr += error.message
      finish(error.code === 'ENOENT' ? 127 : 126)
    })
    child.on('close', (code) => finish(timedOut ? 124 : (code ?? 137)))
    // A program that does not read its input closes the pipe. Its exit code reports the error, not EPIPE.
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input ?? '')
  })
}

/** Runs a program and returns its standard output. Throws CommandError unless it exits with 0. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const result = await tryRun(command, args, options)
  if (result.code !== 0) throw new CommandError(`${command} ${args.join(' ')}`, result)
  return result.stdout
}
