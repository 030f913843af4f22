// The log: one JSON object per line on stdout, with a time, a level, an event and flat fields.
export type LogFields = Record<string, string | number | boolean>
export type Log = (level: 'info' | 'warn' | 'error', event: string, fields?: LogFields) => void

/** Makes a log. `write` receives each line with its newline. `now` returns milliseconds since 1970. */
export function createLog(
  write: (line: string) => unknown = (line) => process.stdout.write(line),
  now: () => number = Date.now,
): Log {
  return (level, event, fields = {}) => {
    const time = new Date(now()).toISOString()
    // JSON escapes newlines, so one event is always one line.
    write(`${JSON.stringify({ time, level, event, ...fields })}\n`)
  }
}
