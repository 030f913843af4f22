// Where signing.yaml says that the signature is in an application's answer.
import { expect, test } from 'vitest'
import { readSignedAnswer } from '../../../tools/deploy/smoke/signed-answer.ts'

const signature = 'a'.repeat(64)
const where = { signature: '/signed/0/a~1b', keyId: '/key', message: '/text' }
const body = (content: object) => JSON.stringify(content)

test('is found by JSON pointers', () => {
  const content = body({ signed: [{ 'a/b': signature }], key: 'k1', text: 'grüße 🔏' })
  expect(readSignedAnswer(content, where)).toEqual({ signature, keyId: 'k1', message: 'grüße 🔏' })
})

test('the signed text may be in signing.yaml', () => {
  const found = readSignedAnswer(body({ s: signature, k: 'k1' }), {
    ...{ signature: '/s', keyId: '/k', signed: 'hello' },
  })
  expect(found.message).toBe('hello')
})

test.each([
  ['no JSON', '<html>', 'no text at /signed/0/a~1b: <html>'],
  ['nothing', '', 'no text at /signed/0/a~1b: (no content)'],
  [
    'a member of the prototype',
    body({ signed: [], constructor: 'x' }),
    'no text at /signed/0/a~1b',
  ],
  ['no key id', body({ signed: [{ 'a/b': signature }], text: 'x' }), 'no text at /key'],
  [
    'a signed object',
    body({ signed: [{ 'a/b': signature }], key: 'k', text: {} }),
    'no text at /text',
  ],
  [
    'base64',
    body({ signed: [{ 'a/b': 'qqq=' }], key: 'k', text: 'x' }),
    'is not 64 hexadecimal digits: qqq=',
  ],
])('an answer with %s names the field to correct', (_, content, expected) => {
  expect(() => readSignedAnswer(content, where)).toThrow(expected)
})
