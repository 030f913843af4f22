import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { get, post } from '../../support/services/http.ts'
import { macOf, makeSignerApp } from '../../support/services/signer-app.ts'

const app = makeSignerApp()
const verify = (request: unknown) => post(app, '/verify', request)
const flipBit = (hex: string) =>
  `${hex.slice(0, -1)}${(Number.parseInt(hex.slice(-1), 16) ^ 1).toString(16)}`

describe('POST /verify', () => {
  test.each(['new', 'old'] as const)('knows a signature by the key "%s"', async (keyId) => {
    const { status, body } = await verify({ message: 'hello', signature: macOf('hello', keyId) })
    expect([status, body]).toEqual([200, { valid: true, keyId }])
  })

  test('knows a signature of bytes that come as base64', async () => {
    const bytes = randomBytes(40)
    const request = {
      message: bytes.toString('base64'),
      encoding: 'base64',
      signature: macOf(bytes),
    }
    expect((await verify(request)).body).toEqual({ valid: true, keyId: 'new' })
  })

  test('knows what /sign has signed', async () => {
    const { body } = await post(app, '/sign', { message: 'a' })
    const request = { message: 'a', signature: body.signature, keyId: body.keyId }
    expect((await verify(request)).body).toEqual({ valid: true, keyId: 'new' })
  })

  test.each([
    ['of another message', { message: 'b', signature: macOf('a') }],
    [
      'by another key than is asked for',
      { message: 'a', signature: macOf('a', 'old'), keyId: 'new' },
    ],
    ['by no key of ours', { message: 'a', signature: randomBytes(32).toString('hex') }],
    ['with one bit changed', { message: 'a', signature: flipBit(macOf('a')) }],
    ['of zeros', { message: 'a', signature: '0'.repeat(64) }],
  ])('answers that a signature is not valid: %s', async (_, request) => {
    const { status, body } = await verify(request)
    expect([status, body]).toEqual([200, { valid: false }])
  })

  test.each([
    ['no signature', undefined],
    ['an empty one', ''],
    ['one that is too short', macOf('a').slice(2)],
    ['one that is too long', `${macOf('a')}00`],
    ['an odd number of digits', macOf('a').slice(1)],
    ['upper case', macOf('a').toUpperCase().replace(/^./, 'F')],
    ['base64', Buffer.from(macOf('a'), 'hex').toString('base64')],
    ['a line break at its end', `${macOf('a')}\n`],
    ['a number', 1],
    ['a list', [macOf('a')]],
  ])('rejects %s', async (_, signature) => {
    const { status, body } = await verify({ message: 'a', signature })
    expect([status, body.code, body.field]).toEqual([400, 'invalid_request', 'signature'])
  })

  test('rejects a key that it does not know', async () => {
    const request = { message: 'a', signature: macOf('a'), keyId: 'older' }
    expect((await verify(request)).body).toMatchObject({ status: 400, field: 'keyId' })
  })

  test('says why there is no key', async () => {
    const request = { message: 'a', signature: macOf('a') }
    expect((await post(makeSignerApp(null), '/verify', request)).status).toBe(503)
  })
})

describe('GET /keys', () => {
  test('lists ids and which one signs, and nothing else', async () => {
    const { status, body } = await get(app, '/keys')
    const keys = [
      { keyId: 'new', state: 'primary' },
      { keyId: 'old', state: 'active' },
    ]
    expect([status, body]).toEqual([200, { keys }])
  })

  test('says why there is none', async () => {
    const { status, body } = await get(makeSignerApp(null), '/keys')
    expect([status, body.code]).toEqual([503, 'key_unavailable'])
  })
})
