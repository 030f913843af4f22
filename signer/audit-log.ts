// The audit log: one JSON line on stdout for each request, written before the request is answered. A line that can't be
// written means that nothing leaves. Never a message, a key, a token or a signature.
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { AppError } from '../runtime/errors.ts'

export type AuditEntry = {
  requestId: string
  /** Of the trace that the caller says this belongs to: its word, and no evidence of anything. */
  traceId?: string
  /** The caller's SPIFFE id as the proxy has verified it, or "unknown"; without a proxy "socket". */
  caller: string
  /** E.g. "POST /sign". */
  route: string
  /** `signed`, `verified`, `listed`, or the code of the error. */
  outcome: string
  /** Of messages that were signed or verified. */
  count: number
  keyId?: string
}

export type AuditLog = {
  /** Resolves when the line is written; rejects with AppError audit_unavailable when it is not, or not in time. */
  record: (entry: AuditEntry) => Promise<void>
  /** Throws AppError audit_unavailable while nobody takes the lines. */
  requireWritable: () => void
}

/** Writes all of `text`, or rejects with the system's error. */
export type WriteText = (text: string) => Promise<void>

/** Under the second in which the frontend answers. */
const DEADLINE_MS = 500

type Waiting = { line: string; resolve: () => void; reject: (error: AppError) => void }

/**
 * Makes the audit log. Lines of one turn of the event loop, and those that come while others are being written, go out
 * together, so that many requests at once cost few writes.
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
      // JSON escapes line breaks, so one request is one line whatever is in a field.
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

// Node writes to a pipe, which is what a container's stdout is, at once or, while that is full, in the background:
// whoever does not read our output holds up neither the event loop nor the probes.
function createStdoutWriter(): WriteText {
  // Each write is told of its error by itself; unheard, the event would end the process.
  process.stdout.on('error', () => {})
  return (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
    })
}
