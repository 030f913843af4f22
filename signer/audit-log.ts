// The audit log: one JSON line on stdout for each request, written before the request is answered. A line that can't be
// written means that nothing leaves. Never a message, a key, a token or a signature.
import { write as writeToFile } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../runtime/errors.ts'

export type AuditEntry = {
  requestId: string
  /** The caller's SPIFFE id as the proxy has verified it, or "unknown". */
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
/** PIPE_BUF of pipe(7): what others write to the same pipe does not get in between. */
const MAX_WRITE_BYTES = 4_096
const STDOUT = 1
const RETRY_MS = 5

type Waiting = { line: string; resolve: () => void; reject: (error: AppError) => void }

/**
 * Makes the audit log. Lines that come while one is being written go out together with the next write, so that many
 * requests at once cost few writes.
 */
export function createAuditLog(
  write: WriteText = writeToStdout,
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
    while (waiting.length > 0) {
      const count = countThatFit(waiting)
      const lines = waiting.slice(0, count)
      waiting = waiting.slice(count)
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

/** At least one: a line that is longer than that goes out by itself. */
function countThatFit(lines: readonly Waiting[]): number {
  let bytes = 0
  const over = lines.findIndex(({ line }) => {
    bytes += Buffer.byteLength(line)
    return bytes > MAX_WRITE_BYTES
  })
  return over < 0 ? lines.length : Math.max(over, 1)
}

// In a thread of its own: whoever does not read our output must not hold up the event loop, and so the probes.
async function writeToStdout(text: string): Promise<void> {
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(await writeOnce(rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await sleep(RETRY_MS)
    }
  }
}

function writeOnce(bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    writeToFile(STDOUT, bytes, (error, written) => (error ? reject(error) : resolve(written)))
  })
}
