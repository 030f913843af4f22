// The state of a rotation, read from the Secret alone. An invalid state is refused, and the error says how to fix it.
import { describe, expect, test } from 'vitest'
import { UserError } from '../../../tools/cli/terminal.ts'
import type { KeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { readRotationState } from '../../../tools/deploy/rotation/rotation-state.ts'
import {
  added,
  due,
  replaced,
  replacedAt,
  replacedKey,
  two,
  withKeys,
} from '../../support/rotation/secrets.ts'

describe('a new id', () => {
  test.each([
    ['key-1 if no id has a number', ['HMAC_KEY'], 'HMAC_KEY', {}, 'key-1'],
    ['one more than the highest number', ['key-2', 'key-10'], 'key-2', {}, 'key-11'],
    ['independent of ids with another form', ['key-1', 'my-key-9', 'key-x'], 'key-1', {}, 'key-2'],
    ['not one that a Pod may hold', ['key-1'], 'key-1', added, 'key-3'],
  ])('is %s', (_, ids, primary, annotations, newId) => {
    expect(readRotationState(withKeys(ids, primary, annotations)).newId).toBe(newId)
  })
})

test('a note says that kubectl apply left a copy of the key', () => {
  const apply = { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{}}' }
  const { notes } = readRotationState(withKeys(['key-1'], 'key-1', apply))
  expect(notes).toEqual([expect.stringContaining('left a copy of its key in an annotation')])
})

describe('an error for', () => {
  const settled = withKeys(two, 'key-1')
  const withMetadata = (metadata: object) =>
    ({ ...settled, metadata: { ...settled.metadata, ...metadata } }) as KeySecret
  const owner = { kind: 'SealedSecret', name: 'hmac-key' }
  const external = { 'reconcile.external-secrets.io/managed': 'true' }
  const end =
    'kubectl annotate secret hmac-key -n signing secure-signing.dev/next-key- secure-signing/next-key-'

  test.each<[string, KeySecret, string, string]>([
    ['a Secret without a key', withKeys([]), 'has no key', 'which creates a new key'],
    [
      'a Secret with two keys and no primary',
      withKeys(two),
      'has 2 keys (key-1, key-2) and no entry',
      'signer_keys shows which',
    ],
    [
      'a primary that does not exist',
      withKeys(two, 'key-3'),
      'names no key',
      'one of key-1, key-2',
    ],
    ['a primary with a newline', withKeys(two, 'key-1\n'), 'names no key', 'without a newline'],
    ['an immutable Secret', { ...settled, immutable: true }, 'is immutable', 'without `immutable`'],
    [
      'a Secret with an owner',
      withMetadata({ ownerReferences: [owner] }),
      'is written by Sealed Secrets (SealedSecret/hmac-key)',
      'Rotate in the SealedSecret, in the same three steps',
    ],
    [
      'a Secret of External Secrets',
      withMetadata({ labels: external }),
      'is written by External Secrets',
      'Rotate in the key manager',
    ],
    [
      'a next key that signs',
      withKeys(two, 'key-2', added),
      'key-2 is marked as next, but signs',
      end,
    ],
    [
      'a replaced key that signs',
      withKeys(two, 'key-1', replaced),
      'key-1 is marked as replaced, but signs',
      end,
    ],
    [
      'both a next and a replaced key',
      withKeys(two, 'key-1', { ...added, ...replaced }),
      'and key-1 as replaced',
      end,
    ],
    [
      'a replaced key without times',
      withKeys(two, 'key-2', { [replacedKey]: 'key-1' }),
      'times are missing',
      end,
    ],
    [
      'a replaced key with an invalid time',
      withKeys(two, 'key-2', { ...due, [replacedAt]: '2026-99-25T09:31:22Z' }),
      'times are missing',
      end,
    ],
  ])('%s', (_, secret, what, todo) => {
    const read = () => readRotationState(secret)
    expect(read).toThrow(UserError)
    expect(read).toThrow(what)
    expect(read).toThrow(expect.objectContaining({ todo: expect.stringContaining(todo) }))
    expect(read).not.toThrow('bytes of')
  })
})
