// What a person reads: one line a step with its time, on stderr; data goes to stdout. Failures say what, why, what to do.
import { CommandError } from './exec.ts'

/** A failure that the user can mend: printed as it is, without a stack. `todo` says what to do. */
export class UserError extends Error {
  readonly todo: string

  constructor(what: string, todo: string) {
    super(what)
    this.name = 'UserError'
    this.todo = todo
  }
}

/** Writes one status line to stderr. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Seconds since `start` (a value of performance.now()), for people. */
export function elapsed(start: number): string {
  const seconds = (performance.now() - start) / 1000
  return seconds < 90
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}

/** Runs one step and prints its line when it has ended; on a failure the line says so and the error goes on. */
export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  try {
    const result = await work()
    say(`  ok    ${title} (${elapsed(start)})`)
    return result
  } catch (error) {
    say(`  FAIL  ${title} (${elapsed(start)})`)
    throw error
  }
}

/** Runs a program's body; errors become one message on stderr and exit code 1. */
export async function runMain(body: () => Promise<void>): Promise<void> {
  try {
    await body()
  } catch (error) {
    if (error instanceof UserError) say(`${error.message}\n  → ${error.todo}`)
    else if (error instanceof CommandError) say(error.message)
    else say(error instanceof Error ? (error.stack ?? error.message) : String(error))
    process.exitCode = 1
  }
}
