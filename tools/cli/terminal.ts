// Output for people, on stderr: one line for each step with its time. Data goes to stdout. An error says what to do next.
import { CommandError } from './exec.ts'
import { measurePace } from './pace.ts'
import { withConfig } from './with-config.ts'

/** An error that the user can fix. It is printed without a stack. `todo` says what to do next. */
export class UserError extends Error {
  readonly todo: string

  constructor(what: string, todo: string) {
    super(what)
    this.name = 'UserError'
    this.todo = todo
  }
}

export function say(line: string): void {
  process.stderr.write(`${withConfig(line)}\n`)
}

/** Returns the time since `start`, a value of performance.now(), as text. */
export function elapsed(start: number): string {
  const seconds = (performance.now() - start) / 1000
  return seconds < 90
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}

/** Runs a step and prints its result. Rethrows an error of the step. */
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

/** Runs the body of a program. An error becomes one message on stderr, and the exit code. */
export async function runMain(body: () => Promise<void>, exitCode = 1): Promise<void> {
  measurePace()
  try {
    await body()
  } catch (error) {
    sayError(error)
    process.exitCode = exitCode
  }
}

/** Returns what every program needs before it runs. An error ends the program as runMain does. */
export function readOrExit<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    sayError(error)
    process.exit(1)
  }
}

function sayError(error: unknown): void {
  if (error instanceof UserError) say(`${error.message}\n  → ${error.todo}`)
  else if (error instanceof CommandError) say(error.message)
  else say(error instanceof Error ? (error.stack ?? error.message) : String(error))
}
