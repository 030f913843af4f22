// Raw keys and webhook keys rotate on the same Secret, each apart from the other, and each can be the first of its form.
import { describe, expect, test } from 'vitest'
import { type KeyForm, rawKeys, webhookKeys } from '../../../tools/deploy/keys/key-forms.ts'
import { retiredKeys } from '../../../tools/deploy/keys/retired-keys.ts'
import { readRotationState } from '../../../tools/deploy/rotation/rotation-state.ts'
import { rotateKey } from '../../../tools/deploy/rotation/run-rotation.ts'
import { secretsOf } from '../../support/rotation/secrets.ts'
import {
  type Data,
  decode,
  encode,
  makeSecret,
  readRing,
  type SimulatedCluster,
  simulateCluster,
} from '../../support/rotation/simulated-cluster.ts'

const HOUR_MS = 3_600_000
const lagsMs = [0, 7_000, 95_000]
const auditKey = { 'audit-key': encode('of the audit log') }
const raw = { 'key-1': encode('raw'), primary: encode('key-1') }
const webhook = { 'webhook-1': encode(`whsec_${encode('a key of 24 bytes or more')}`) }
const both = { ...raw, ...webhook, ...auditKey }

const annotationsOf = (cluster: SimulatedCluster) => cluster.read().metadata.annotations ?? {}
const rotate = (cluster: SimulatedCluster, form: KeyForm, overlapMs?: number) =>
  rotateKey(cluster.effects, overlapMs, form)
const start = (data: Data, form: KeyForm, annotations = {}) =>
  simulateCluster(makeSecret(data, annotations), lagsMs, form.name)

describe('a webhook rotation', () => {
  test('keeps the old key for the overlap, says what receivers see, and then retires it', async () => {
    const cluster = start(both, webhookKeys)
    const closing = await rotate(cluster, webhookKeys)
    expect(closing).toMatch(
      /^webhook-2 is the primary webhook key\. Each webhook has a signature of it and one of webhook-1, .* before 2026-11-26T09:01:\d\dZ: run make consumer-secret CONSUMER=NAME for each\. After that, run make rotate-key FORM=webhook, which retires webhook-1\.$/,
    )
    expect(cluster.titles).toEqual(['webhook-2 is added', 'webhook-2 is primary'])
    const { data } = cluster.read()
    expect(readRing(data, 'webhook')).toEqual({
      primary: 'webhook-2',
      held: ['webhook-1', 'webhook-2'],
    })
    expect(data).toMatchObject(both)
    await cluster.sleep(25 * HOUR_MS)
    expect(await rotate(cluster, webhookKeys)).toContain('webhook-1 is retired: no webhook has')
    expect(readRing(cluster.read().data, 'webhook').held).toEqual(['webhook-2'])
    expect(annotationsOf(cluster)).toEqual({ [retiredKeys]: 'webhook-1' })
    expect(cluster.notes).toEqual([])
  })

  test('names the primary key with the write that makes two', async () => {
    const cluster = start(both, webhookKeys)
    const entries: (string | undefined)[] = []
    cluster.hooks.interrupt = (event) => {
      if (event === 'after write') entries.push(cluster.read().data['webhook-primary'])
    }
    await rotate(cluster, webhookKeys)
    expect(entries.map(decode)).toEqual(['webhook-1', 'webhook-2'])
  })

  test('makes a key of the form of the old one', async () => {
    const cluster = start(both, webhookKeys)
    await rotate(cluster, webhookKeys, 0)
    const text = decode(cluster.read().data['webhook-2'])
    expect(text).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  })
})

describe.each([
  [rawKeys, webhookKeys],
  [webhookKeys, rawKeys],
])('a rotation of $name keys', (form, other) => {
  const mine = secretsOf(form)
  const theirs = secretsOf(other)

  test.each([
    ['a key was added', theirs.added, theirs.two[0]],
    ['a key was replaced', theirs.replaced, theirs.two[1]],
  ])('touches nothing of the other one, in which %s', async (_, annotations, primary) => {
    const left = {
      ...theirs.withKeys(theirs.two).data,
      [other.primaryEntry]: encode(primary),
    }
    const data = { ...left, ...mine.withKeys(['old'], 'old').data, ...auditKey }
    const cluster = start(data, form, annotations)
    cluster.hooks.interrupt = () => {
      expect(cluster.read().data).toMatchObject(left)
      expect(annotationsOf(cluster)).toMatchObject(annotations)
    }
    expect(await rotate(cluster, form, 0)).toContain('old is retired')
    expect(readRing(cluster.read().data, form.name).held).toEqual([`${form.idPrefix}1`])
    expect(annotationsOf(cluster)).toEqual({ ...annotations, [retiredKeys]: 'old' })
    expect(cluster.notes).toEqual([])
    expect(readRotationState(cluster.read(), other).stage.kind).not.toBe('settled')
  })

  test('and one of the others at the same time both complete', async () => {
    const cluster = start(both, form)
    const awaitPods = () => cluster.sleep(100_000).then(() => true)
    const effects = { ...cluster.effects, awaitPods }
    await Promise.all([rotate(cluster, form, 0), rotateKey(effects, 0, other)])
    const { data } = cluster.read()
    expect(readRing(data, 'raw')).toEqual({ primary: 'key-2', held: ['key-2'] })
    expect(readRing(data, 'webhook')).toEqual({ primary: 'webhook-2', held: ['webhook-2'] })
    expect(annotationsOf(cluster)[retiredKeys]?.split(',').sort()).toEqual(['key-1', 'webhook-1'])
  })
})

describe.each([
  [
    'webhook key',
    webhookKeys,
    { ...raw, ...auditKey },
    'webhook-1 signs webhooks. For the secret of each receiver, run make consumer-secret',
  ],
  ['raw key', rawKeys, { ...webhook, ...auditKey }, 'key-1 signs. Callers that name no key'],
])('the first %s', (_, form, data, closing) => {
  const first = `${form.idPrefix}1`

  test('is added when every Pod reports, and the other keys stay', async () => {
    const cluster = start(data, form)
    expect(await rotate(cluster, form)).toContain(closing)
    expect(cluster.titles).toEqual([`${first} is added`, `${first} is the first ${form.noun}`])
    expect(readRing(cluster.read().data, form.name)).toEqual({ primary: first, held: [first] })
    expect(cluster.read().data).toMatchObject(data)
    expect(annotationsOf(cluster)).toEqual({})
    expect(cluster.read().data).not.toHaveProperty('webhook-primary')
    for (const { mounted } of cluster.pods) expect(mounted).toHaveProperty(first)
  })

  test('is not added if a Pod does not report keys of this form', async () => {
    const cluster = start(data, form)
    const before = cluster.read()
    const awaitPods = () => Promise.reject(new Error('too old'))
    await expect(rotateKey({ ...cluster.effects, awaitPods }, 0, form)).rejects.toThrow('too old')
    expect(cluster.read()).toBe(before)
  })

  test('is the only one wherever a run is interrupted', async () => {
    let isReached = true
    for (let last = 0; isReached; last++) {
      const cluster = start(data, form)
      let count = 0
      isReached = false
      cluster.hooks.interrupt = () => {
        if (count++ !== last) return
        isReached = true
        throw new Error('interrupted')
      }
      await rotate(cluster, form).catch(() => {})
      if (cluster.titles.length < 2) expect(await rotate(cluster, form)).toContain(closing)
      expect(readRing(cluster.read().data, form.name).held).toEqual([first])
      expect(annotationsOf(cluster)).toEqual({})
    }
  })

  test('is one also if two runs start at once', async () => {
    const cluster = start(data, form)
    const closings = await Promise.all([rotate(cluster, form), rotate(cluster, form)])
    expect(readRing(cluster.read().data, form.name).held).toEqual([first])
    for (const each of closings) expect(each).toContain(`${first} signs`)
  })
})

test('a webhook key makes a signer of version 0.1 need the entry primary, so it is written', async () => {
  const cluster = start(
    { 'key-1': encode('raw'), ...webhook, primary: encode('key-1') },
    webhookKeys,
  )
  const bare = simulateCluster(makeSecret({ 'key-1': encode('raw') }), lagsMs, 'webhook')
  await rotate(bare, webhookKeys)
  expect(decode(bare.read().data.primary)).toBe('key-1')
  await rotate(cluster, webhookKeys)
  expect(cluster.titles[0]).toBe('webhook-2 is added, and audit-key is added')
})

describe('an error for', () => {
  test.each<[string, Data, KeyForm, string, string]>([
    [
      'two webhook keys without webhook-primary',
      { ...both, 'webhook-2': webhook['webhook-1'] },
      webhookKeys,
      'has 2 webhook keys (webhook-1, webhook-2) and no entry "webhook-primary"',
      'into the entry "webhook-primary"',
    ],
    [
      'the same, if a raw rotation would begin',
      { ...both, 'webhook-2': webhook['webhook-1'] },
      rawKeys,
      'has 2 webhook keys',
      'into the entry "webhook-primary"',
    ],
    [
      'a webhook-primary that names a raw key',
      { ...both, 'webhook-primary': encode('key-1') },
      webhookKeys,
      'names key-1, which is no webhook key',
      'Write the id of a webhook key',
    ],
    [
      'a primary that names a webhook key, which signs at a signer of version 0.1',
      { ...webhook, ...auditKey, primary: encode('webhook-1') },
      rawKeys,
      'names webhook-1, which is a webhook key',
      'rotate by hand to a key that begins otherwise, before you deploy',
    ],
    [
      'a webhook-primary without a webhook key',
      { ...raw, 'webhook-primary': encode('webhook-1') },
      webhookKeys,
      'names no webhook key',
      'Remove it',
    ],
  ])('%s', (_, data, form, what, todo) => {
    const read = () => readRotationState(makeSecret(data), form)
    expect(read).toThrow(what)
    expect(read).toThrow(expect.objectContaining({ todo: expect.stringContaining(todo) }))
  })

  test('a rotation of webhook keys that somebody changed names its own annotations', () => {
    const { withKeys, two, added } = secretsOf(webhookKeys)
    const read = () => readRotationState(withKeys(two, 'webhook-2', added), webhookKeys)
    const todo =
      'kubectl annotate secret hmac-key -n signing secure-signing.dev/webhook-next-key- secure-signing.dev/webhook-replaced-key-'
    expect(read).toThrow('webhook-2 is marked as next, but signs already')
    expect(read).toThrow(expect.objectContaining({ todo: expect.stringContaining(todo) }))
  })

  test('a webhook key that was retired and signs again has the command of its form', () => {
    const secret = makeSecret(both, { [retiredKeys]: 'webhook-1' })
    expect(() => readRotationState(secret, webhookKeys)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('It signs again'),
        todo: expect.stringContaining('make rotate-key FORM=webhook OVERLAP=0s'),
      }),
    )
  })
})

test.each([
  ['differs from that of a raw key', { 'webhook-1': encode('raw') }, 'webhook-2'],
  ['does not count with the raw keys', { 'key-7': encode('raw') }, 'webhook-1'],
])('the id of a new webhook key %s', (_, data, newId) => {
  expect(readRotationState(makeSecret(data), webhookKeys).newId).toBe(newId)
})
