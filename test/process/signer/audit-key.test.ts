// The audit key beside signing keys: it never signs. A signer of version 0.1.0, which takes it for a signing key, makes no MAC
// of the audit log with it.
import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import type { Entries } from '../../support/folder.ts'
import { ask, askPaired, startSigner } from '../../support/services/services.ts'
import { hasVersion01, startVersion01 } from '../../support/services/version-0-1.ts'
import { NO_HISTORY, skipUnless } from '../../support/skips.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const [key, auditKey] = [randomBytes(32), randomBytes(32)]
const secret = { 'key-1': key, primary: 'key-1', 'audit-key': auditKey }
const hmac = (hash: string, bytes: Buffer, text: string) =>
  createHmac(hash, bytes).update(text).digest()
const shorten = (digest: Buffer) => digest.toString('base64url').slice(0, 24)

/** Has a signer with these entries sign a message. Returns the answer, and the text of its audit record before the MAC. */
async function signOne(entries: Entries) {
  const started = await startSigner(entries)
  await started.signer.waitFor('listening')
  const { status, body } = await askPaired(started, '/sign', { message: 'a' })
  const line = started.signer.output().match(/^\{.*"outcome":"signed".*\}$/m)?.[0] ?? ''
  const record = JSON.parse(line)
  return { ...started, status, body, record, text: line.replace(/,"mac":"[^"]*"\}$/, '}') }
}

describe('a signer of version 0.1.0', skipUnless(hasVersion01, NO_HISTORY), () => {
  test('signs with the primary key of a Secret that has an audit key', async () => {
    const former = await startVersion01(secret)
    const { status, body } = await askPaired(former, '/sign', { message: 'a' })
    expect([status, body.key_id]).toEqual([200, undefined])
    expect(body.signature).toBe(hmac('sha256', key, 'a').toString('hex'))
  })

  test('signs by the audit key for a frontend that asks, and makes no MAC of a record', async () => {
    const { record, text } = await signOne(secret)
    expect(record.mac).toBe(shorten(hmac('sha512', auditKey, text)))
    const former = await startVersion01(secret)
    const request = { message: text, keyId: 'audit-key' }
    const { status, body } = await askPaired(former, '/sign', request)
    const given = Buffer.from(String(body.signature), 'hex')
    expect([status, given]).toEqual([200, hmac('sha256', auditKey, text)])
    expect(shorten(given)).not.toBe(record.mac)
  })
})

describe('a signer of this version', () => {
  test('signs with a Secret of version 0.1.0, and its records have no MAC, which its log says', async () => {
    const { signer, socket, body, record } = await signOne({ 'key-1': key })
    expect(body.signature).toBe(hmac('sha256', key, 'a').toString('hex'))
    expect(record).toMatchObject({ key_id: 'key-1', seq: 1 })
    expect(record).not.toHaveProperty('mac')
    expect(await signer.waitFor('audit_unchained')).toMatchObject({ level: 'warn' })
    expect((await ask(socket, '/readyz')).status).toBe(200)
  })

  test('needs no primary beside one signing key, and never signs by the audit key', async () => {
    const { primary: _, ...entries } = secret
    const started = await signOne(entries)
    expect([started.body.key_id, started.record.mac]).toEqual(['key-1', expect.any(String)])
    expect((await askPaired(started, '/sign', { message: 'a', key_id: 'audit-key' })).body).toEqual(
      expect.objectContaining({ status: 400, detail: 'key_id: no such raw key' }),
    )
    const loaded = await started.signer.waitFor('keys_loaded')
    expect(loaded).toMatchObject({ primary: 'key-1', count: 1, key_ids: 'key-1' })
    expect(started.signer.output()).not.toContain(auditKey.toString('base64'))
  })

  test('refuses a primary that names the audit key', async () => {
    const { signer } = await startSigner({ ...secret, primary: 'audit-key' })
    const { reason } = await signer.waitFor('keys_refused')
    expect(reason).toBe('"primary" names no key: set it to one of key-1')
  })
})
