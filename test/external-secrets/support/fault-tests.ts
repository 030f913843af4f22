// What is wrong with the value or with the right to read it leaves the Secret as it is.
import { expect, test } from 'vitest'
import { readKeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { waitForLine } from '../../support/cluster/container-log.ts'
import { readPrimary, readReports, underLoad } from '../../support/cluster/signing.ts'
import { timed } from '../../support/timed.ts'
import { failing, forceSync, readWarnings, retained, synced, syncUntil } from './external-secret.ts'
import type { Session } from './session.ts'
import { encode } from './value.ts'

export function testFaults(load: () => Session): void {
  test('an invalid value leaves the Secret as it is, and condition and events report it', async () => {
    const { manager, operator, value } = load()
    const good = await value.read()
    const start = new Date()
    const summary = await underLoad('bad values', value.keys, async () => {
      for (const [bad, outcome] of [
        [JSON.stringify({ ...good, primary: 'key-2' }), failing],
        ['no JSON', failing],
        ['{}', retained],
      ] as const) {
        await manager.write(bad)
        try {
          await syncUntil(outcome)
          expect((await readKeySecret()).data).toEqual(good)
          expect(await operator.isNotReady()).toBe(outcome === failing)
        } finally {
          await value.write(good)
          await syncUntil(synced)
        }
      }
    })
    expect(summary).toMatchObject({ failed: 0 })
    const warnings = (await readWarnings(start)).join('\n')
    expect(warnings).toContain('failure decoding key primary: illegal base64 data')
    // Of AWS and Google, and of Azure.
    expect(warnings).toMatch(/unable to unmarshal secret|error unmarshalling json data/)
  })

  test('the signer refuses a primary that names no key, and keeps its keys', async () => {
    const { value } = load()
    const good = await value.read()
    const primary = await readPrimary()
    const start = new Date()
    const summary = await underLoad('a wrong primary', value.keys, async () => {
      await value.write({ ...good, primary: encode('nobody') })
      try {
        await forceSync()
        await waitForLine('signer', /keys_refused/, start)
        expect(await readReports()).toMatchObject([{ keys: { primary } }])
      } finally {
        await value.write(good)
        await forceSync()
      }
      await waitForLine('signer', /keys_loaded/, start)
    })
    expect(summary).toMatchObject({ failed: 0 })
  })

  test('with the newest version disabled the keys stay, also those that older versions do not have', async () => {
    const { manager, value, bringKey } = load()
    await bringKey('before')
    const good = await value.read()
    const start = new Date()
    const summary = await underLoad('disabled', value.keys, async () => {
      const enable = await manager.disableNewest()
      try {
        await syncUntil(failing)
        expect((await readKeySecret()).data).toEqual(good)
      } finally {
        await enable()
      }
      await syncUntil(synced)
    })
    expect(summary).toMatchObject({ failed: 0 })
    expect((await readWarnings(start)).join('\n')).toMatch(manager.says.disabled)
  })

  test('with the right revoked the keys stay, and with the right granted again changes arrive', async () => {
    const { manager, value, bringKey } = load()
    const good = await value.read()
    const start = new Date()
    const summary = await underLoad('revoked', value.keys, async () => {
      await manager.revoke()
      try {
        await timed('revoked: Ready is False', () => syncUntil(failing))
        expect((await readKeySecret()).data).toEqual(good)
      } finally {
        await manager.grant()
      }
      await timed('granted: Ready is True', () => syncUntil(synced))
      await bringKey('granted')
    })
    expect(summary).toMatchObject({ failed: 0 })
    expect((await readWarnings(start)).join('\n')).toMatch(manager.says.revoked)
  })
}
