// What a rotation does next, from each state that the Secret can be in.
import { describe, expect, test } from 'vitest'
import type { KeySecret } from '../../../tools/deploy/keys/key-secret.ts'
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

describe('next', () => {
  test.each<[string, KeySecret, number | undefined, string, string]>([
    ['an only key', withKeys(['HMAC_KEY']), undefined, 'add', 'signs with HMAC_KEY'],
    ['a settled Secret', withKeys(two, 'key-2'), undefined, 'add', 'signs with key-2'],
    ['a key was added', withKeys(two, 'key-1', added), undefined, 'promote', 'holds key-2'],
    [
      'the time is not over',
      withKeys(two, 'key-2', replaced),
      undefined,
      'keep',
      'signs with key-2',
    ],
    [
      'the same is asked for',
      withKeys(two, 'key-2', replaced),
      24 * HOUR_MS,
      'keep',
      'signs with key-2',
    ],
    [
      'more is asked for',
      withKeys(two, 'key-2', replaced),
      48 * HOUR_MS,
      'reschedule',
      'signs with key-2',
    ],
    [
      'less, and it is over',
      withKeys(two, 'key-2', replaced),
      HOUR_MS,
      'retire',
      'signs with key-2',
    ],
    ['none is asked for', withKeys(two, 'key-2', replaced), 0, 'retire', 'signs with key-2'],
    ['the time is over', withKeys(two, 'key-2', due), undefined, 'retire', 'signs with key-2'],
    [
      'over, but more is asked for',
      withKeys(two, 'key-2', due),
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
      'the new key was removed by hand',
      withKeys(['key-1'], 'key-1', added),
      undefined,
      'add',
      'signs with key-1',
    ],
  ])('%s', (_, secret, overlapMs, kind, awaited) => {
    const { kind: decided, awaits } = decide(secret, overlapMs)
    expect(decided).toBe(kind)
    expect(`${awaits.every} ${awaits.id}`).toBe(awaited)
  })
})

describe('what is written', () => {
  const compose = (secret: KeySecret, overlapMs?: number) =>
    decide(secret, overlapMs).write?.compose(now)

  test('a key of 32 bytes, new each time, and the primary named', () => {
    const { data = {}, annotations } = compose(withKeys(['HMAC_KEY'])) ?? {}
    expect(Object.keys(data)).toEqual(['key-1', 'primary'])
    expect(Buffer.from(data['key-1'] ?? '', 'base64')).toHaveLength(32)
    expect(decode(data.primary)).toBe('HMAC_KEY')
    expect(annotations).toMatchObject({ [nextKey]: 'key-1', [replacedKey]: undefined })
    expect(compose(withKeys(['HMAC_KEY']))?.data).not.toEqual(data)
  })

  test.each([
    ['a day, if nothing is said', undefined, '2026-11-26T09:31:22Z'],
    ['what is asked for', 90_000, '2026-11-25T09:32:52Z'],
    ['no time', 0, '2026-11-25T09:31:22Z'],
  ])('the new primary, and until when the old key verifies: %s', (_, overlapMs, until) => {
    const { data, annotations } = compose(withKeys(two, 'key-1', added), overlapMs) ?? {}
    expect(data).toEqual({ primary: encode('key-2') })
    expect(annotations).toEqual({
      [nextKey]: undefined,
      [replacedKey]: 'key-1',
      [replacedAt]: '2026-11-25T09:31:22Z',
      [verifiesUntil]: until,
    })
  })

  test('only the old key goes, and its annotationNames later', () => {
    const secret = withKeys(two, 'key-2', due)
    expect(compose(secret)).toEqual({ data: { 'key-1': undefined } })
    const { data, annotations = {} } = compose(withKeys(['key-2'], 'key-2', due)) ?? {}
    expect(data).toBeUndefined()
    expect(Object.keys(annotations).sort()).toEqual(Object.values(annotationNames).sort())
    expect(Object.values(annotations)).toEqual([undefined, undefined, undefined, undefined])
  })
})
