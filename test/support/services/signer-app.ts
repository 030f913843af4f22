// The signer's app with two keys. It admits every caller unless `admit` is given.
import { createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { AppError } from '../../../runtime/errors.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { createApp } from '../../../signer/app.ts'
import { type AuditLog, createAuditLog } from '../../../signer/audit-log.ts'
import type { Admit } from '../../../signer/endpoints/endpoint-deps.ts'
import type { GetKeyRing } from '../../../signer/keys/key-holder.ts'
import type { KeyRing } from '../../../signer/keys/key-ring.ts'
import { createSigning } from '../../../signer/signing.ts'

const bytes = { old: randomBytes(32), new: randomBytes(32) }
const makeKey = (id: keyof typeof bytes) => ({ id, material: createSecretKey(bytes[id]) })
const ring: KeyRing = { raw: [makeKey('new'), makeKey('old')], webhook: [] }

/** What the chain adds to each line. */
const sealed = /,"instance":"[\w-]{22}","seq":\d+(?=\}\n)/g

const forgotten: AuditLog = { record: async () => {}, requireWritable: () => {} }

/** What signs and verifies with these keys, without limits or a freeze. */
export function limitless(getKeyRing: GetKeyRing) {
  const signing = createSigning(
    getKeyRing,
    () => {},
    () => {},
  )
  return { getKeyRing, signing, spendVerification: () => {} }
}

/** An audit log without MACs. */
export const unchained = { onSigned: () => {}, onWritten: () => {}, getKey: () => undefined }

/** Makes the app. With null it has no key. */
export function makeSignerApp(
  held: KeyRing | null = ring,
  isDraining = () => false,
  maxRequests = 256,
  admit: Admit = () => () => {},
  auditLog = forgotten,
) {
  function getKeyRing(): KeyRing {
    if (held !== null) return held
    throw new AppError('key_unavailable', 'the Secret has no key')
  }
  const metrics = createMetrics()
  const deps = { log: () => {}, metrics, isDraining, admit, auditLog, ...limitless(getKeyRing) }
  return createApp({ ...deps, peer: 'proxy', maxRequests })
}

/** Makes the app, and keeps the lines of its audit log without their place in it, each write as one text, and the counted signatures by key. */
export function makeRecordedSignerApp(held: KeyRing = ring) {
  const writes: string[] = []
  const counted: Record<string, number> = {}
  const count = (id: string, signatures: number) => {
    counted[id] = (counted[id] ?? 0) + signatures
  }
  const write = async (text: string) => void writes.push(text.replace(sealed, ''))
  const auditLog = createAuditLog({ ...unchained, onSigned: count, write, now: () => 0 })
  const app = makeSignerApp(held, undefined, undefined, undefined, auditLog)
  return { app, writes, counted }
}

/** Returns what the audit log has instead of a signature (hex). */
export function fingerprintOf(signature: string): string {
  return createHash('sha256').update(Buffer.from(signature, 'hex')).digest('base64url').slice(0, 24)
}

/** Returns the correct signature of `message`. */
export function macOf(message: string | Uint8Array, key: keyof typeof bytes = 'new'): string {
  return createHmac('sha256', bytes[key]).update(message).digest('hex')
}
