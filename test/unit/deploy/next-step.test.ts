// The next step of a rotation, for each state of the Secret.
import { describe, expect, test } from 'vitest'
import type { KeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { retiredKeys } from '../../../tools/deploy/keys/retired-keys.ts'
import { decideAction } from '../../../tools/deploy/rotation/next-step.ts'
import {
  annotationNames,
  readRotationState,
} from '../../../tools/deploy/rotation/rotation-state.ts'
import {
  added,
  due,
  nextKey,
  replaced,
  replacedAt,
  replacedKey,
  two,
  verifiesUntil,
  withKeys,
} from '../../support/rotation/secrets.ts'
import { decode, encode } from '../../support/rotation/simulated-cluster.ts'

const now = Date.parse('2026-11-25T09:31:22.750Z')
const HOUR_MS = 3_600_000
const decide = (secret: KeySecret, overlapMs?: number) =>
  decideAction(readRotationState(secret), now, overlapMs)

const running = withKeys(two, 'key-2', replaced)
const over = withKeys(two, 'key-2', due)

describe('the next step', () => {
  test.each<[string, KeySecret, number | undefined, string, string]>([
    ['the Secret has one key', withKeys(['HMAC_KEY']), undefined, 'add', 'signs with HMAC_KEY'],
    ['no rotation is in progress', withKeys(two, 'key-2'), undefined, 'add', 'signs with key-2'],
    ['a key was added', withKeys(two, 'key-1', added), undefined, 'promote', 'holds key-2'],
    ['the overlap has not ended', running, undefined, 'keep', 'signs with key-2'],
    ['the user sets the same overlap', running, 24 * HOUR_MS, 'keep', 'signs with key-2'],
    ['the user sets a longer overlap', running, 48 * HOUR_MS, 'reschedule', 'signs with key-2'],
    ['the user sets a shorter overlap', running, HOUR_MS, 'retire', 'signs with key-2'],
    ['the user sets no overlap', running, 0, 'retire', 'signs with key-2'],
    ['the overlap has ended', over, undefined, 'retire', 'signs with key-2'],
    [
      'the overlap ended, a longer one is set',
      over,
      24 * HOUR_MS,
      'reschedule',
      'signs with key-2',
    ],
    [
      'the old key was removed',
      withKeys(['key-2'], 'key-2', due),
      undefined,
      'end',
      'has dropped key-1',
    ],
    [
      'somebody removed the new key',
      withKeys(['key-1'], 'key-1', added),
      undefined,
      'add',
      'signs with key-1',
    ],
  ])('if %s', (_, secret, overlapMs, kind, awaited) => {
    const { kind: decided, awaits } = decide(secret, overlapMs)
    expect(decided).toBe(kind)
    expect(`${awaits.every} ${awaits.id}`).toBe(awaited)
  })
})

describe('a step writes', () => {
  const compose = (secret: KeySecret, overlapMs?: number) =>
    decide(secret, overlapMs).write?.compose(now)

  test('a new random key of 32 bytes, and the id of the primary key', () => {
    const { data = {}, annotations } = compose(withKeys(['HMAC_KEY'])) ?? {}
    expect(Object.keys(data)).toEqual(['key-1', 'primary'])
    expect(Buffer.from(data['key-1'] ?? '', 'base64')).toHaveLength(32)
    expect(decode(data.primary)).toBe('HMAC_KEY')
    expect(annotations).toMatchObject({ [nextKey]: 'key-1', [replacedKey]: undefined })
    expect(compose(withKeys(['HMAC_KEY']))?.data).not.toEqual(data)
  })

  test.each([
    ['a day by default', undefined, '2026-11-26T09:31:22Z'],
    ['the overlap that the user sets', 90_000, '2026-11-25T09:32:52Z'],
    ['no time without overlap', 0, '2026-11-25T09:31:22Z'],
  ])('the new primary key, and the end of the overlap: %s', (_, overlapMs, until) => {
    const { data, annotations } = compose(withKeys(two, 'key-1', added), overlapMs) ?? {}
    expect(data).toEqual({ primary: encode('key-2') })
    expect(annotations).toEqual({
      [nextKey]: undefined,
      [replacedKey]: 'key-1',
      [replacedAt]: '2026-11-25T09:31:22Z',
      [verifiesUntil]: until,
    })
  })

  test('first only the removal of the old key, and later of the annotations', () => {
    const mark = { [retiredKeys]: 'key-1' }
    expect(compose(over)).toEqual({ data: { 'key-1': undefined }, annotations: mark })
    const { data, annotations = {} } = compose(withKeys(['key-2'], 'key-2', due)) ?? {}
    expect(data).toBeUndefined()
    const removed = Object.values(annotationNames).map((name) => [name, undefined])
    expect(annotations).toEqual({ ...Object.fromEntries(removed), ...mark })
  })
})
