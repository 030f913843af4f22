import { randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { AppError } from '../../../runtime/errors.ts'
import { holdKeyRing } from '../../../signer/key-holder.ts'
import { makeFolder, makeVolume, mountEntries } from '../support/folder.ts'
import { createMemoryLog } from '../support/logged.ts'

test('has the ring from the start if it is there, and warns of a short key', async () => {
  const { log, lines } = createMemoryLog()
  const getKeyRing = await holdKeyRing(await makeVolume({ old: randomBytes(20) }), log)
  expect(getKeyRing().primary.id).toBe('old')
  expect(lines).toMatchObject([
    { level: 'warn', event: 'key_short', keyId: 'old' },
    { level: 'info', event: 'keys_loaded', primary: 'old', count: 1 },
  ])
})

test('says why there is none, logs it once, and takes the ring when it comes', async () => {
  const { log, lines } = createMemoryLog()
  const folder = await makeFolder()
  const getKeyRing = await holdKeyRing(folder, log, 5)
  expect(getKeyRing).toThrow(AppError)
  expect(getKeyRing).toThrow('the Secret has no key')
  await mountEntries(folder, { HMAC_KEY: 'short' })
  await vi.waitFor(() => expect(getKeyRing).toThrow('under 14 bytes'))
  await mountEntries(folder, { HMAC_KEY: randomBytes(32) }, '2')
  await vi.waitFor(() => expect(getKeyRing().primary.id).toBe('HMAC_KEY'))
  expect(lines.map(({ event }) => event)).toEqual(['keys_refused', 'keys_refused', 'keys_loaded'])
})
