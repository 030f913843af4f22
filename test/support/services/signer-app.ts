// The signer's app with two keys. It admits every caller unless `admit` is given.
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { AppError } from '../../../runtime/errors.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { createApp, type SignerDeps } from '../../../signer/app.ts'
import { createAuditLog } from '../../../signer/audit-log.ts'
import type { KeyRing } from '../../../signer/keys/key-ring.ts'
import type { Admit } from '../../../signer/signing-deps.ts'

const bytes = { old: randomBytes(32), new: randomBytes(32) }
const primary = { id: 'new', material: createSecretKey(bytes.new) }
const old = { id: 'old', material: createSecretKey(bytes.old) }
const ring: KeyRing = { primary, keys: new Map(Object.entries({ new: primary, old })) }

type Records = Pick<SignerDeps, 'countSignatures' | 'auditLog'>
const forgotten: Records = {
  countSignatures: () => {},
  auditLog: { record: async () => {}, requireWritable: () => {} },
}

/** Makes the app. With null it has no key. */
export function makeSignerApp(
  held: KeyRing | null = ring,
  isDraining = () => false,
  maxRequests = 256,
  admit: Admit = () => () => {},
  { countSignatures, auditLog }: Records = forgotten,
) {
  function getKeyRing(): KeyRing {
    if (held !== null) return held
    throw new AppError('key_unavailable', 'the Secret has no key')
  }
  const metrics = createMetrics()
  const deps = { log: () => {}, metrics, isDraining, getKeyRing, admit, countSignatures, auditLog }
  return createApp({ ...deps, peer: 'proxy', maxRequests })
}

/** Makes the app, and keeps the lines of its audit log, each write as one text, and the counted signatures by key. */
export function makeRecordedSignerApp() {
  const writes: string[] = []
  const counted: Record<string, number> = {}
  const app = makeSignerApp(ring, undefined, undefined, undefined, {
    auditLog: createAuditLog(async (text) => void writes.push(text), { now: () => 0 }),
    countSignatures: (id, count) => {
      counted[id] = (counted[id] ?? 0) + count
    },
  })
  return { app, writes, counted }
}

/** Returns the correct signature of `message`. */
export function macOf(message: string | Uint8Array, key: keyof typeof bytes = 'new'): string {
  return createHmac('sha256', bytes[key]).update(message).digest('hex')
}
