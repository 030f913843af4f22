// The audit log: one JSON line on stdout for each request, written before the answer. Without its line, no answer is
// sent. A line never holds a message, a key, a token or a signature.
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { AppError } from '../runtime/errors.ts'

export type AuditEntry = {
  request_id: string
  /** The trace id that the caller sent. It proves nothing. */
  trace_id?: string
  /** The caller's SPIFFE id that the proxy verified, "unknown" without one, or "socket" without a proxy. */
  caller: string
  /** For example "POST /sign". */
  route: string
  /** `signed`, `verified`, `listed`, or an error code. */
  outcome: string
  /** How many messages were signed or verified. */
  count: number
  key_id?: string
}

export type AuditLog = {
  /** Resolves when the line is written. Rejects with AppError audit_unavailable if that fails or takes too long. */
  record: (entry: AuditEntry) => Promise<void>
  /** Throws AppError audit_unavailable while nothing reads the lines. */
  requireWritable: () => void
}

/** Writes all of `text`, or rejects with the system's error. */
export type WriteText = (text: string) => Promise<void>

/** Shorter than the second within which the frontend answers. */
const DEADLINE_MS = 500

type Waiting = { line: string; resolve: () => void; reject: (error: AppError) => void }

/**
 * Makes the audit log. One write carries all lines of one turn of the event loop, and all lines that arrive during the
 * write before. Many requests at once need few writes.
 */
export function createAuditLog(
  write: WriteText = createStdoutWriter(),
  { now = Date.now, deadlineMs = DEADLINE_MS } = {},
): AuditLog {
  let waiting: Waiting[] = []
  let isWriting = false
  let isStuck = false

  function failAll(lines: readonly Waiting[], cause?: unknown): void {
    for (const { reject } of lines) reject(unavailable(cause))
  }

  async function writeLines(lines: readonly Waiting[]): Promise<void> {
    const timer = setTimeout(() => {
      isStuck = true
      failAll([...lines, ...waiting])
      waiting = []
    }, deadlineMs)
    try {
      await write(lines.map(({ line }) => line).join(''))
      for (const { resolve } of lines) resolve()
    } catch (error) {
      failAll(lines, error)
    } finally {
      clearTimeout(timer)
      isStuck = false
    }
  }

  async function drain(): Promise<void> {
    isWriting = true
    await endOfTurn()
    while (waiting.length > 0) {
      const lines = waiting
      waiting = []
      await writeLines(lines)
    }
    isWriting = false
  }

  function record(entry: AuditEntry): Promise<void> {
    return new Promise((resolve, reject) => {
      const time = new Date(now()).toISOString()
      // JSON escapes line breaks, so one request is always one line.
      const line = `${JSON.stringify({ time, event: 'audit', ...entry })}\n`
      if (isStuck) return reject(unavailable())
      waiting.push({ line, resolve, reject })
      if (!isWriting) void drain()
    })
  }

  function requireWritable(): void {
    if (isStuck) throw unavailable()
  }

  return { record, requireWritable }
}

function unavailable(cause?: unknown): AppError {
  return new AppError('audit_unavailable', 'the audit log cannot be written', { cause })
}

// A container's stdout is a pipe. While the pipe is full, Node writes in the background. A blocked reader stops neither
// the event loop nor the probes.
function createStdoutWriter(): WriteText {
  // Each write reports its own error. Without a listener, the event would end the process.
  process.stdout.on('error', () => {})
  return (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
    })
}
