// The key ring follows the mounted folder, and never changes to invalid keys.
import { randomBytes } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { describe, expect, test, vi } from 'vitest'
import type { Log } from '../../../runtime/log.ts'
import { holdKeyRing } from '../../../signer/keys/key-holder.ts'
import { createSignerMetrics } from '../../../signer/metrics.ts'
import { type Entries, makeFolder, makeVolume, mountEntries } from '../../support/folder.ts'
import { createMemoryLog } from '../../support/services/logged.ts'
import { WAIT_MS } from '../../support/timeouts.ts'

const POLL_MS = 10
/** Too slow for a test, so that only a watch can find a change. */
const NEVER_MS = 60 * 60 * 1_000
const good = () => randomBytes(32)

/** Counts how often the keys were refused. */
function countRefusals() {
  let refused = 0
  const metrics = createSignerMetrics(new Registry())
  const countKeyLoad = (result: 'loaded' | 'refused') => {
    if (result === 'refused') refused += 1
  }
  return { metrics: { ...metrics, countKeyLoad }, readRefused: () => refused }
}

async function hold(entries: Entries, pollMs = POLL_MS) {
  const folder = await makeVolume(entries)
  const { metrics, readRefused } = countRefusals()
  const { log: write, lines } = createMemoryLog()
  // These keys have no audit key, and the warning of it is tested by itself.
  const log: Log = (level, event, fields) => {
    if (event !== 'audit_unchained') write(level, event, fields)
  }
  const { getKeyRing } = await holdKeyRing(folder, { log, metrics, pollMs })
  const primary = () => getKeyRing().raw[0]?.id
  const events = () => lines.map(({ event }) => event)
  const eventually = (check: () => void) => vi.waitFor(check, WAIT_MS)
  const refusedAgain = () => {
    const before = readRefused()
    return eventually(() => expect(readRefused()).toBeGreaterThan(before + 2))
  }
  return { folder, lines, events, getKeyRing, primary, eventually, refusedAgain }
}

test('throws the reason while there is no valid key, and logs it once', async () => {
  const { folder, lines, getKeyRing, primary, eventually, refusedAgain } = await hold({
    a: 'hunter2',
  })
  expect(() => getKeyRing()).toThrow('shorter than 14 bytes')
  await refusedAgain()
  expect(lines.map(({ event }) => event)).toEqual(['keys_refused'])
  expect(JSON.stringify(lines)).not.toContain('hunter2')
  await mountEntries(folder, { b: good() }, '2')
  await rm(join(folder, 'a'))
  await eventually(() => expect(primary()).toBe('b'))
})

test('warns of a short key', async () => {
  const { lines } = await hold({ a: randomBytes(20) })
  expect(lines[0]).toMatchObject({ level: 'warn', event: 'key_short', key_id: 'a' })
})

describe.each([
  ['by watching', NEVER_MS],
  ['by polling', POLL_MS],
])('%s', (_, pollMs) => {
  test('loads the generation that kubelet swaps in', async () => {
    const { folder, primary, getKeyRing, eventually } = await hold({ a: good() }, pollMs)
    expect(primary()).toBe('a')
    const entries = { a: good(), b: good(), primary: 'b' }
    await mountEntries(folder, entries, '2')
    await eventually(() => expect(primary()).toBe('b'))
    expect(getKeyRing().raw.map(({ id }) => id)).toEqual(['b', 'a'])
  })
})

describe('a retired key that returns', () => {
  const [one, two, three] = [good(), good(), good()]
  const both = { 'key-1': one, 'key-2': two }
  const withThird = { 'key-2': two, 'key-3': three }

  test.each<[string, Entries[], string[]]>([
    [
      'was removed',
      [{ ...both, primary: 'key-2' }, { 'key-2': two }, { ...both, primary: 'key-2' }],
      ['key-1'],
    ],
    [
      'signs again',
      [
        { ...both, primary: 'key-1' },
        { ...both, primary: 'key-2' },
        { ...both, primary: 'key-1' },
      ],
      ['key-1'],
    ],
    ['displaces the new key', [{ 'key-1': one }, { 'key-2': two }, { 'key-1': one }], ['key-1']],
    ['is gone again', [{ 'key-1': one }, { 'key-2': two }, { 'key-1': one }, { 'key-2': two }], []],
    [
      'was never retired',
      [
        { 'key-1': one },
        { ...both, primary: 'key-1' },
        { ...both, primary: 'key-2' },
        { 'key-2': two },
        { ...withThird, primary: 'key-2' },
        { ...withThird, primary: 'key-3' },
      ],
      [],
    ],
    ['has new bytes', [{ 'key-1': one }, { 'key-1': two }], []],
  ])('is reported while it %s', async (_, generations, returned) => {
    const [first = {}, ...others] = generations
    const folder = await makeVolume(first)
    const registry = new Registry()
    const { log, lines } = createMemoryLog()
    const metrics = createSignerMetrics(registry)
    const before = Date.now() / 1_000
    await holdKeyRing(folder, { log, metrics, pollMs: POLL_MS })
    const loads = () => lines.filter(({ event }) => event === 'keys_loaded').length
    for (const [index, entries] of others.entries()) {
      await mountEntries(folder, entries, String(index + 2))
      await vi.waitFor(() => expect(loads()).toBe(index + 2), WAIT_MS)
    }
    const text = await registry.metrics()
    const reported = [...text.matchAll(/^signer_returned_keys\{key_id="(.*)"\} 1$/gm)]
    expect(reported.map(([, id]) => id)).toEqual(returned)
    const logged = lines.filter(({ event }) => event === 'retired_key_returned')
    for (const line of logged) expect(line).toMatchObject({ level: 'error', key_id: 'key-1' })
    expect(logged.length > 0).toBe(returned.length > 0 || generations.length === 4)
    const [, loaded] = /^signer_keys_loaded_timestamp_seconds (.*)$/m.exec(text) ?? []
    expect(Number(loaded)).toBeGreaterThanOrEqual(before)
  })
})

test('loads a file that is replaced in a plain folder', async () => {
  const folder = await makeFolder()
  await writeFile(join(folder, 'a'), good())
  const { log } = createMemoryLog()
  const { metrics } = countRefusals()
  const { getKeyRing } = await holdKeyRing(folder, { log, metrics, pollMs: POLL_MS })
  const material = () => getKeyRing().raw[0]?.material.export()
  const before = material()
  await writeFile(join(folder, 'a.new'), good())
  await rename(join(folder, 'a.new'), join(folder, 'a'))
  await vi.waitFor(() => expect(material()).not.toEqual(before), WAIT_MS)
})

describe('keeps the last valid ring', () => {
  test.each<[string, Entries, string]>([
    ['a short key', { a: 'hunter2' }, 'shorter than 14 bytes'],
    ['a newline after a key', { a: `${'hunter2'.repeat(4)}\n` }, 'ends with a newline'],
    ['an empty key', { a: '' }, 'is empty'],
    ['a primary that names no key', { a: good(), primary: 'c' }, '"primary" names no key'],
    ['two keys and no primary', { a: good(), b: good() }, 'name the one that signs'],
    ['no key', {}, 'has no key'],
  ])(
    'when there is %s, logs the reason once, and loads the next valid one',
    async (_, bad, why) => {
      const { folder, lines, events, primary, eventually, refusedAgain } = await hold({ a: good() })
      await mountEntries(folder, bad, '2')
      await eventually(() => expect(events()).toContain('keys_refused'))
      expect(primary()).toBe('a')
      await refusedAgain()
      expect(events()).toEqual(['keys_loaded', 'keys_refused'])
      expect(lines[1]).toMatchObject({ level: 'error', kept_old: true })
      expect(lines[1]?.reason).toContain(why)
      expect(JSON.stringify(lines)).not.toContain('hunter2')
      await mountEntries(folder, { d: good() }, '3')
      await eventually(() => expect(primary()).toBe('d'))
    },
  )

  test('when the folder is deleted', async () => {
    const { folder, events, primary, eventually } = await hold({ a: good() })
    await rm(folder, { recursive: true })
    await eventually(() => expect(events()).toContain('keys_refused'))
    expect(primary()).toBe('a')
  })
})

test('reports its keys again and again, and nothing while it has none', async () => {
  const folder = await makeVolume({ a: 'hunter2' })
  const { log, lines } = createMemoryLog()
  const options = { log, metrics: countRefusals().metrics, pollMs: POLL_MS, reportMs: POLL_MS }
  await holdKeyRing(folder, options)
  await vi.waitFor(() => expect(lines).toHaveLength(1), WAIT_MS)
  await mountEntries(folder, { a: good(), b: good(), primary: 'b' }, '2')
  const held = { level: 'info', primary: 'b', webhook_primary: '', count: 2, key_ids: 'a,b' }
  await vi.waitFor(() => expect(lines.length).toBeGreaterThan(5), WAIT_MS)
  const reports = lines.filter(({ event }) => event === 'keys_held')
  expect(reports.length).toBeGreaterThan(2)
  for (const each of reports) expect(each).toMatchObject(held)
  expect(lines.find(({ event }) => event === 'keys_loaded')).toMatchObject(held)
})
