// What holds for each key manager that External Secrets reads. Faults at the manager leave the last good keys.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readPrimary } from '../../support/cluster/signing.ts'
import { testFreeze } from '../../support/freeze/freeze-tests.ts'
import { COMPILE_MS } from '../../support/timeouts.ts'
import { testWebhookForm } from '../../support/webhooks/webhook-form.ts'
import { forceSync } from './external-secret.ts'
import { testFaults } from './fault-tests.ts'
import { testIdentities } from './identity-tests.ts'
import type { KeyManager } from './key-manager.ts'
import { testOutages } from './outage-tests.ts'
import { testRotation } from './rotation-tests.ts'
import { openSession, type Session } from './session.ts'

/** Tests the manager that `open` returns. Returns what loads the session, for further tests. */
export function testKeyManager<M extends KeyManager>(open: () => Promise<M>): () => Session<M> {
  let session: Session<M>
  const load = () => session
  beforeAll(async () => {
    session = await openSession(open)
  }, COMPILE_MS)
  afterAll(() => session?.close())

  testRotation(load)
  testFaults(load)
  testOutages(load)
  testFreeze({
    keys: async () => session.value.keys,
    writes: {
      'External Secrets writes the Secret': () => session.bringKey('while frozen'),
    },
  })
  testWebhookForm({
    makeStep: async (step) => {
      await session.manager.runCommand(step)
      await forceSync()
    },
    readEntries: () => session.value.read(),
    readRaw: readPrimary,
  })
  testIdentities(load)

  test("External Secrets' log says what it did, and has no key", () => {
    const log = session.operator.readLog()
    expect(log).toContain('"msg":"reconciled secret"')
    for (const key of session.value.keys.values()) {
      expect(log).not.toContain(Buffer.from(key).toString('base64'))
    }
  })
  return load
}
