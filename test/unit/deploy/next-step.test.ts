// The next step of a rotation, for each state of the Secret and each form of keys.
import { describe, expect, test } from 'vitest'
import { judgeKeys } from '../../../signer/keys/key-files.ts'
import { keyForms } from '../../../tools/deploy/keys/key-forms.ts'
import type { KeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { retiredKeys } from '../../../tools/deploy/keys/retired-keys.ts'
import { decideAction } from '../../../tools/deploy/rotation/next-step.ts'
import { readRotationState } from '../../../tools/deploy/rotation/rotation-state.ts'
import { secretsOf } from '../../support/rotation/secrets.ts'
import { decode, encode } from '../../support/rotation/simulated-cluster.ts'

const now = Date.parse('2026-11-25T09:31:22.750Z')
const HOUR_MS = 3_600_000

describe.each(Object.values(keyForms))('of $name keys', (form) => {
  const { withKeys, two, added, replaced, due, ...names } = secretsOf(form)
  const { nextKey, replacedKey, replacedAt, verifiesUntil } = names
  const [key1, key2] = two
  const decide = (secret: KeySecret, overlapMs?: number) =>
    decideAction(readRotationState(secret, form), now, overlapMs)
  const compose = (secret: KeySecret, overlapMs?: number) =>
    decide(secret, overlapMs).write?.compose(now)
  const running = withKeys(two, key2, replaced)
  const over = withKeys(two, key2, due)
  const before = [withKeys(['OLD']), withKeys([key1], key1, added)] as const

  test.each<[string, KeySecret, number | undefined, string, string]>([
    ['the Secret has one key', before[0], undefined, 'add', 'signs with OLD'],
    ['no rotation is in progress', withKeys(two, key2), undefined, 'add', `signs with ${key2}`],
    ['a key was added', withKeys(two, key1, added), undefined, 'promote', `holds ${key2}`],
    ['the overlap has not ended', running, undefined, 'keep', `signs with ${key2}`],
    ['the user sets the same overlap', running, 24 * HOUR_MS, 'keep', `signs with ${key2}`],
    ['the user sets a longer overlap', running, 48 * HOUR_MS, 'reschedule', `signs with ${key2}`],
    ['the user sets a shorter overlap', running, HOUR_MS, 'retire', `signs with ${key2}`],
    ['the user sets no overlap', running, 0, 'retire', `signs with ${key2}`],
    ['the overlap has ended', over, undefined, 'retire', `signs with ${key2}`],
    ['a longer one is set after it', over, 24 * HOUR_MS, 'reschedule', `signs with ${key2}`],
    ['the old key is gone', withKeys([key2], key2, due), undefined, 'end', `has dropped ${key1}`],
    ['somebody removed the new key', before[1], undefined, 'add', `signs with ${key1}`],
  ])('if %s', (_, secret, overlapMs, kind, awaited) => {
    const { kind: decided, awaits } = decide(secret, overlapMs)
    expect(decided).toBe(kind)
    expect(`${awaits.every} ${awaits.id}`).toBe(awaited)
  })

  test('a new key is random, has 32 bytes and this form, and the primary one is named', () => {
    const { data = {}, annotations } = compose(before[0]) ?? {}
    expect(Object.keys(data)).toEqual([key1, form.primaryEntry])
    const { ring } = judgeKeys(new Map([['new', Buffer.from(data[key1] ?? '', 'base64')]]))
    expect(ring[form.name].map(({ material }) => material.symmetricKeySize)).toEqual([32])
    expect(decode(data[form.primaryEntry])).toBe('OLD')
    expect(annotations).toMatchObject({ [nextKey]: key1, [replacedKey]: undefined })
    expect(compose(before[0])?.data).not.toEqual(data)
  })

  test.each([
    ['a day by default', undefined, '2026-11-26T09:31:22Z'],
    ['the overlap that the user sets', 90_000, '2026-11-25T09:32:52Z'],
    ['no time without overlap', 0, '2026-11-25T09:31:22Z'],
  ])('a step writes the new primary key, and the end of the overlap: %s', (_, overlapMs, until) => {
    const { data, annotations } = compose(withKeys(two, key1, added), overlapMs) ?? {}
    expect(data).toEqual({ [form.primaryEntry]: encode(key2) })
    expect(annotations).toEqual({
      [nextKey]: undefined,
      [replacedKey]: key1,
      [replacedAt]: '2026-11-25T09:31:22Z',
      [verifiesUntil]: until,
    })
  })

  test('a step writes first only the removal of the old key, and later of the annotations', () => {
    const mark = { [retiredKeys]: key1 }
    expect(compose(over)).toEqual({ data: { [key1]: undefined }, annotations: mark })
    const { data, annotations = {} } = compose(withKeys([key2], key2, due)) ?? {}
    expect(data).toBeUndefined()
    const removed = Object.values(form.annotationNames).map((name) => [name, undefined])
    expect(annotations).toEqual({ ...Object.fromEntries(removed), ...mark })
  })
})
