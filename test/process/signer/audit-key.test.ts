// The audit key beside signing keys: it never signs, and a signer of version 0.1.0 with the same Secret makes no MAC with it.
import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { askPaired } from '../../support/services/services.ts'
import { hasVersion01, startVersion01 } from '../../support/services/version-0-1.ts'
import { NO_HISTORY, skipUnless } from '../../support/skips.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const [key, auditKey] = [randomBytes(32), randomBytes(32)]
const secret = { 'key-1': key, primary: 'key-1', 'audit-key': auditKey }
const hmac = (hash: string, bytes: Buffer, text: string) =>
  createHmac(hash, bytes).update(text).digest()

describe('a signer of version 0.1.0', skipUnless(hasVersion01, NO_HISTORY), () => {
  test('signs with the primary key of a Secret that has an audit key', async () => {
    const signer = await startVersion01(secret)
    const { status, body } = await askPaired(signer, '/sign', { message: 'a' })
    const signature = hmac('sha256', key, 'a').toString('hex')
    expect([status, body.signature, body.keyId]).toEqual([200, signature, 'key-1'])
  })
})
