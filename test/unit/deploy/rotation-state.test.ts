// Where a rotation stands, from the Secret alone; and what is refused, with what to do about it.
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
    ['the first', ['HMAC_KEY'], 'HMAC_KEY', {}, 'key-1'],
    ['after the highest, as numbers', ['key-2', 'key-10'], 'key-2', {}, 'key-11'],
    ['numbers of its own only', ['key-1', 'my-key-9', 'key-x'], 'key-1', {}, 'key-2'],
    ['none that a Pod may hold', ['key-1'], 'key-1', added, 'key-3'],
  ])('is %s', (_, ids, primary, annotations, newId) => {
    expect(readRotationState(withKeys(ids, primary, annotations)).newId).toBe(newId)
  })
})

test('a copy that kubectl apply has left is told', () => {
  const apply = { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{}}' }
  const { notes } = readRotationState(withKeys(['key-1'], 'key-1', apply))
  expect(notes).toEqual([expect.stringContaining('left a copy of its key in an annotation')])
})

describe('a Secret that can’t be rotated is refused', () => {
  const settled = withKeys(two, 'key-1')
  const withMetadata = (metadata: object) =>
    ({ ...settled, metadata: { ...settled.metadata, ...metadata } }) as KeySecret
  const owner = { kind: 'SealedSecret', name: 'hmac-key' }
  const external = { 'reconcile.external-secrets.io/managed': 'true' }
  const drop =
    'kubectl annotate secret hmac-key -n signing secure-signing.dev/next-key- secure-signing/next-key-'

  test.each<[string, KeySecret, string, string]>([
    ['no key', withKeys([]), 'has no key', 'make deploy makes a new key'],
    [
      'no primary',
      withKeys(two),
      'has 2 keys (key-1, key-2) and no entry',
      'signer_keys says which',
    ],
    ['a wrong primary', withKeys(two, 'key-3'), 'names no key', 'one of key-1, key-2'],
    ['a newline', withKeys(two, 'key-1\n'), 'names no key', 'without a newline'],
    ['immutable', { ...settled, immutable: true }, 'is immutable', 'without `immutable`'],
    [
      'an owner',
      withMetadata({ ownerReferences: [owner] }),
      'SealedSecret/hmac-key',
      'rotate there',
    ],
    ['External Secrets', withMetadata({ labels: external }), 'External Secrets', 'rotate there'],
    ['next signs', withKeys(two, 'key-2', added), 'key-2, which is to sign next, signs', drop],
    ['replaced signs', withKeys(two, 'key-1', replaced), 'key-1, which was replaced, signs', drop],
    ['both marks', withKeys(two, 'key-1', { ...added, ...replaced }), 'and that key-1 was', drop],
    ['no time', withKeys(two, 'key-2', { [replacedKey]: 'key-1' }), 'does not say when', drop],
    [
      'a bad time',
      withKeys(two, 'key-2', { ...due, [replacedAt]: '2026-99-25T09:31:22Z' }),
      'does not say',
      drop,
    ],
  ])('%s', (_, secret, what, todo) => {
    const read = () => readRotationState(secret)
    expect(read).toThrow(UserError)
    expect(read).toThrow(what)
    expect(read).toThrow(expect.objectContaining({ todo: expect.stringContaining(todo) }))
    expect(read).not.toThrow('bytes of')
  })
})
