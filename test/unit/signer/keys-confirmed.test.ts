// The agent rewrites the key file regularly. This confirms the keys. The signer loads them again only if they changed.
import { randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { holdKeyRing } from '../../../signer/keys/key-holder.ts'
import { makeFolder } from '../../support/folder.ts'
import { createMemoryLog } from '../../support/services/logged.ts'
import { WAIT_MS } from '../../support/timeouts.ts'

const encode = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64')
const good = () => encode(randomBytes(32))

async function hold(entries: Record<string, string>) {
  const folder = await makeFolder()
  const { log, lines } = createMemoryLog()
  const setKeysConfirmed = vi.fn()
  const metrics = {
    countKeyLoad: vi.fn(),
    setKeys: vi.fn(),

    setKeysLoaded: vi.fn(),
    setKeysConfirmed,
  }
  let writes = 0
  const write = async (content: Record<string, string>) => {
    const text = JSON.stringify({ ...content, '..read': encode(String(writes++)) })
    await writeFile(join(folder, 'new'), text)
    await rename(join(folder, 'new'), join(folder, 'keys.json'))
  }
  await write(entries)
  const options = { log, metrics, bundle: 'keys.json', pollMs: 10 }
  const { getKeyRing } = await holdKeyRing(folder, options)
  const events = () =>
    lines.map(({ event }) => event).filter((event) => event !== 'audit_unchained')
  const eventually = (check: () => void) => vi.waitFor(check, WAIT_MS)
  return { write, events, eventually, setKeysConfirmed, getKeyRing }
}

test('the same keys are confirmed, but neither logged nor replaced', async () => {
  const entries = { v1: good(), v2: good(), primary: encode('v1') }
  const { write, events, eventually, setKeysConfirmed, getKeyRing } = await hold(entries)
  const ring = getKeyRing()
  const before = Date.now()
  await write(entries)
  await eventually(() => expect(setKeysConfirmed).toHaveBeenCalledTimes(2))
  // The clock of a file system may lag by some milliseconds.
  expect(setKeysConfirmed.mock.lastCall?.[0]).toBeGreaterThan(before - 100)
  expect(events()).toEqual(['keys_loaded'])
  expect(getKeyRing()).toBe(ring)
})

test.each([
  ['another primary', { primary: encode('v2') }],
  ['other bytes', { v2: good() }],
  ['one more key', { v3: good() }],
])('%s is loaded', async (_, change) => {
  const entries = { v1: good(), v2: good(), primary: encode('v1') }
  const { write, events, eventually } = await hold(entries)
  await write({ ...entries, ...change })
  await eventually(() => expect(events()).toEqual(['keys_loaded', 'keys_loaded']))
})

test('one key less is loaded', async () => {
  const entries = { v1: good(), primary: encode('v1') }
  const { write, events, eventually } = await hold({ ...entries, v2: good() })
  await write(entries)
  await eventually(() => expect(events()).toEqual(['keys_loaded', 'keys_loaded']))
})

test('invalid keys confirm nothing, and valid ones are loaded afterwards', async () => {
  const entries = { v1: good() }
  const { write, events, eventually, setKeysConfirmed } = await hold(entries)
  await write({ v1: 'hunter2!' })
  await eventually(() => expect(events()).toEqual(['keys_loaded', 'keys_refused']))
  expect(setKeysConfirmed).toHaveBeenCalledTimes(1)
  await write(entries)
  await eventually(() => expect(events().at(-1)).toBe('keys_loaded'))
})
