// A log that keeps its lines.
import { createLog, type Log, type LogFields } from '../../../runtime/log.ts'

export type Line = LogFields & { time: string; level: string; event: string }

export function createMemoryLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = []
  return { log: createLog((line) => lines.push(JSON.parse(line))), lines }
}
