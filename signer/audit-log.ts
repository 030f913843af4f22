// The audit log: lines of JSON on stdout, written before the answer. Without the lines of what it signed, no answer is sent.
import type { KeyObject } from 'node:crypto'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { AppError } from '../runtime/errors.ts'
import { type ChainPosition, createAuditChain } from './audit-chain.ts'
import { type AuditEntry, formatAuditLines } from './audit-lines.ts'

export type AuditLog = ReturnType<typeof createAuditLog>

export type AuditLogOptions = {
  /** Receives the signatures whose lines are written, also those that came too late for an answer: a counter equals the log. */
  onSigned: (keyId: string, count: number) => void
  /** Receives the last line that is written. */
  onWritten: (position: ChainPosition) => void
  /** Returns the key of the chain, if there is one. */
  getKey: () => KeyObject | undefined
  /** Writes all of the text, or rejects with the system's error. */
  write?: (text: string) => Promise<void>
  now?: () => number
  deadlineMs?: number
}

/** Shorter than the second within which the frontend answers. */
const DEADLINE_MS = 500

type Signed = readonly [keyId: string, count: number]
/** `resolve` is for lines that are written. */
type Waiting = { lines: string[]; resolve: () => void; reject: (error: AppError) => void }

/**
 * Makes the audit log. One write carries all lines of one turn of the event loop, and all lines that arrive during the
 * write before. Many requests at once need few writes.
 */
export function createAuditLog({
  onSigned,
  onWritten,
  getKey,
  write = createStdoutWriter(),
  now = Date.now,
  deadlineMs = DEADLINE_MS,
}: AuditLogOptions) {
  const chain = createAuditChain(getKey)
  let waiting: Waiting[] = []
  let writing: readonly Waiting[] = []
  let stamp = { ms: Number.NaN, time: '' }
  let [isWriting, isStuck] = [false, false]

  // One timer for all writes, because they are many.
  const timer = setTimeout(giveUp, deadlineMs).unref()

  function giveUp(): void {
    if (writing.length === 0) return
    isStuck = true
    for (const { reject } of [...writing, ...waiting]) reject(unavailable())
    waiting = []
  }

  async function writeRecords(records: readonly Waiting[]): Promise<void> {
    writing = records
    timer.refresh()
    try {
      // Sealed only now, because lines that are never written have no place in the chain.
      await write(records.flatMap(({ lines }) => lines.map(chain.seal)).join(''))
      onWritten(chain.position())
      for (const { resolve } of records) resolve()
    } catch (error) {
      chain.restart()
      for (const { reject } of records) reject(unavailable(error))
    } finally {
      writing = []
      isStuck = false
    }
  }

  async function drain(): Promise<void> {
    isWriting = true
    await endOfTurn()
    while (waiting.length > 0) {
      const records = waiting
      waiting = []
      await writeRecords(records)
    }
    isWriting = false
  }

  function finish(signed: readonly Signed[], resolve: () => void): void {
    for (const [keyId, count] of signed) onSigned(keyId, count)
    resolve()
  }

  /** Formats each millisecond once. */
  function readTime(): string {
    const ms = now()
    if (ms !== stamp.ms) stamp = { ms, time: new Date(ms).toISOString() }
    return stamp.time
  }

  /**
   * Resolves when the lines of all entries are written, which one write does. Rejects with AppError audit_unavailable if
   * that fails or takes too long. Without entries it only checks that lines can be written.
   */
  function record(...entries: AuditEntry[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (isStuck) return reject(unavailable())
      if (entries.length === 0) return resolve()
      const lines = formatAuditLines(entries, readTime())
      // Bound, because a function that is made here would keep the entries.
      const settle = finish.bind(undefined, entries.flatMap(findSigned), resolve)
      waiting.push({ lines, resolve: settle, reject })
      if (!isWriting) void drain()
    })
  }

  /** Throws AppError audit_unavailable while nothing reads the lines. */
  function requireWritable(): void {
    if (isStuck) throw unavailable()
  }

  return { record, requireWritable }
}

function findSigned({ outcome, key_id: keyId, count }: AuditEntry): Signed[] {
  return outcome === 'signed' && keyId !== undefined ? [[keyId, count]] : []
}

function unavailable(cause?: unknown): AppError {
  return new AppError('audit_unavailable', 'the audit log cannot be written', { cause })
}

// A container's stdout is a pipe. While the pipe is full, Node writes in the background. A blocked reader stops neither
// the event loop nor the probes.
function createStdoutWriter() {
  // Each write reports its own error. Without a listener, the event would end the process.
  process.stdout.on('error', () => {})
  return (text: string) =>
    new Promise<void>((resolve, reject) => {
      // Lines are ASCII, for which this is the same as UTF-8, and faster.
      process.stdout.write(text, 'latin1', (error) => (error ? reject(error) : resolve()))
    })
}
