import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { get, post } from '../../support/services/http.ts'
import { macOf, makeSignerApp } from '../../support/services/signer-app.ts'

const app = makeSignerApp()
const verify = (request: unknown) => post(app, '/verify', request)
const flipBit = (hex: string) =>
  `${hex.slice(0, -1)}${(Number.parseInt(hex.slice(-1), 16) ^ 1).toString(16)}`

describe('POST /verify', () => {
  test.each(['new', 'old'] as const)('accepts a signature by the key "%s"', async (keyId) => {
    const { status, body } = await verify({ message: 'hello', signature: macOf('hello', keyId) })
    expect([status, body]).toEqual([200, { valid: true, key_id: keyId }])
  })

  test('accepts a signature of bytes in base64', async () => {
    const bytes = randomBytes(40)
    const request = {
      message: bytes.toString('base64'),
      encoding: 'base64',
      signature: macOf(bytes),
    }
    expect((await verify(request)).body).toEqual({ valid: true, key_id: 'new' })
  })

  test('accepts a signature by /sign', async () => {
    const { body } = await post(app, '/sign', { message: 'a' })
    const request = { message: 'a', signature: body.signature, key_id: body.key_id }
    expect((await verify(request)).body).toEqual({ valid: true, key_id: 'new' })
  })

  test.each([
    ['of another message', { message: 'b', signature: macOf('a') }],
    [
      'by another key than requested',
      { message: 'a', signature: macOf('a', 'old'), key_id: 'new' },
    ],
    ['by an unknown key', { message: 'a', signature: randomBytes(32).toString('hex') }],
    ['with one bit changed', { message: 'a', signature: flipBit(macOf('a')) }],
    ['of zeros', { message: 'a', signature: '0'.repeat(64) }],
  ])('answers that a signature is not valid: %s', async (_, request) => {
    const { status, body } = await verify(request)
    expect([status, body]).toEqual([200, { valid: false }])
  })

  test.each([
    ['no signature', undefined],
    ['an empty signature', ''],
    ['a short signature', macOf('a').slice(2)],
    ['a long signature', `${macOf('a')}00`],
    ['an odd number of digits', macOf('a').slice(1)],
    ['upper case', macOf('a').toUpperCase().replace(/^./, 'F')],
    ['base64', Buffer.from(macOf('a'), 'hex').toString('base64')],
    ['a final line break', `${macOf('a')}\n`],
    ['a number', 1],
    ['a list', [macOf('a')]],
  ])('rejects %s', async (_, signature) => {
    const { status, body } = await verify({ message: 'a', signature })
    expect([status, body.code, body.field]).toEqual([400, 'invalid_request', 'signature'])
  })

  test('rejects an unknown key', async () => {
    const request = { message: 'a', signature: macOf('a'), key_id: 'older' }
    expect((await verify(request)).body).toMatchObject({ status: 400, field: 'key_id' })
  })

  test('reports that there is no key', async () => {
    const request = { message: 'a', signature: macOf('a') }
    expect((await post(makeSignerApp(null), '/verify', request)).status).toBe(503)
  })
})

describe('GET /keys', () => {
  test('lists only ids and states', async () => {
    const { status, body } = await get(app, '/keys')
    const keys = [
      { key_id: 'new', state: 'primary', form: 'raw' },
      { key_id: 'old', state: 'active', form: 'raw' },
    ]
    expect([status, body]).toEqual([200, { keys }])
  })

  test('reports that there is no key', async () => {
    const { status, body } = await get(makeSignerApp(null), '/keys')
    expect([status, body.code]).toEqual([503, 'key_unavailable'])
  })
})
