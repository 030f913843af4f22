// A log that remembers what was written.
import { createLog, type Log, type LogFields } from '../../../runtime/log.ts'

export type Line = LogFields & { time: string; level: string; event: string }

/** Returns a log and the lines that it has written so far. */
export function createMemoryLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = []
  return { log: createLog((line) => lines.push(JSON.parse(line))), lines }
}
