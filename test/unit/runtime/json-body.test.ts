import { describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { MAX_BODY_BYTES, text } from '../../../runtime/contract.ts'
import { addRoute, createHttpApp, makeAnswer } from '../../../runtime/http/http-app.ts'
import { readJson } from '../../../runtime/json/json-body.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { post } from '../../support/services/http.ts'

const app = createHttpApp(() => {}, createMetrics())
addRoute(app, 'POST', '/echo', async (c) =>
  makeAnswer(c, JSON.stringify(await readJson(c, z.strictObject({ message: text })))),
)

function makeBody(bytes: number): string {
  const frame = '{"message":""}'
  return `{"message":"${'a'.repeat(bytes - frame.length)}"}`
}

describe('the limit of values', () => {
  const list = createHttpApp(() => {}, createMetrics())
  const limits = { maxParts: 3_000 }
  addRoute(list, 'POST', '/list', async (c) =>
    c.json(await readJson(c, () => z.strictObject({ list: z.array(z.number()) }), limits)),
  )

  // The object and the list count, too.
  test.each([
    [2_999, 200],
    [3_000, 400],
  ])('of a route: a list of %i gets %i', async (length, expected) => {
    const { status } = await post(list, '/list', { list: Array(length).fill(1) })
    expect(status).toBe(expected)
  })
})

describe('the limit', () => {
  const full = { 'content-length': String(MAX_BODY_BYTES) }
  const over = { 'content-length': String(MAX_BODY_BYTES + 1) }

  test.each([
    ['announced', full],
    ['chunked', {}],
  ])('allows a body of exactly the limit, %s', async (_, headers) => {
    expect((await post(app, '/echo', makeBody(MAX_BODY_BYTES), headers)).status).toBe(200)
  })

  test.each([
    ['announced', over],
    ['chunked', {}],
  ])('refuses one byte more, %s', async (_, headers) => {
    const { status, body } = await post(app, '/echo', makeBody(MAX_BODY_BYTES + 1), headers)
    expect([status, body.code]).toEqual([413, 'payload_too_large'])
  })
})

describe('the content type', () => {
  test.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json;',
    'application/json ;; charset=utf8',
    'application/json; charset=us-ascii',
    'application/json; profile="a; b"; v=1',
    '\tapplication/json; odata=verbose ; charset="utf\\-8"',
  ])('can be %s', async (type) => {
    const { status } = await post(app, '/echo', { message: 'a' }, { 'content-type': type })
    expect(status).toBe(200)
  })

  test.each([
    'text/plain',
    'application/json; charset=latin1',
    'application/json; charset=utf-16',
    'application/json; charset=""',
    'application/json, application/json',
    'application/problem+json',
    'text/json',
    'application/jsonp',
    'application/x-www-form-urlencoded',
    '',
  ])('cannot be %s', async (type) => {
    const { status, body } = await post(app, '/echo', { message: 'a' }, { 'content-type': type })
    expect([status, body.code]).toEqual([415, 'unsupported_media_type'])
  })

  test.each([
    ['gzip', 415],
    ['identity, gzip', 415],
    ['Identity', 200],
    ['', 200],
  ])('with the content-encoding "%s" gets %i', async (encoding, wanted) => {
    const headers = { 'content-encoding': encoding }
    expect((await post(app, '/echo', { message: 'a' }, headers)).status).toBe(wanted)
  })
})

describe('a body', () => {
  test.each([
    ['an empty body', ''],
    ['a truncated body', '{"message":"secret'],
    ['text that is not JSON', 'secret'],
    ['two byte order marks', '\ufeff\ufeff{"message":"secret"}'],
    ['UTF-16', Buffer.from('\ufeff{"message":"secret"}', 'utf16le')],
    ['invalid UTF-8', Buffer.from('{"message":"secret\xff"}', 'latin1')],
    ['an overlong form', Buffer.from('{"message":"secret\xc0\xaf"}', 'latin1')],
    ['a surrogate in UTF-8', Buffer.from('{"message":"secret\xed\xa0\x80"}', 'latin1')],
    ['NUL in the text', '{"message":"secret\0"}'],
    ['null', 'null'],
    ['an array', '["secret"]'],
    ['a string', '"secret"'],
    ['10,000 arrays deep', `${'['.repeat(10_000)}"secret"${']'.repeat(10_000)}`],
    ['a message 10,000 objects deep', `${'{"message":'.repeat(5_000)}1${'}'.repeat(5_000)}`],
    ['3,000 values', `{"message":[${'"secret",'.repeat(3_000)}1]}`],
    [
      '3,000 fields',
      `{${Array.from({ length: 3_000 }, (_, index) => `"secret${index}":1`).join(',')}}`,
    ],
    ['no message', '{}'],
    ['a number', '{"message":12345}'],
    ['null for the message', '{"message":null}'],
    ['an object', '{"message":{"toString":"secret"}}'],
    ['a lone surrogate', '{"message":"secret\\ud800"}'],
    ['an unknown field', '{"message":"a","secret":1}'],
    ['an unknown field that cannot be printed', '{"message":"a","\\u0000secret<>":1}'],
    ['__proto__', '{"message":"a","__proto__":{"secret":1}}'],
    ['__proto__ alone', '{"__proto__":{"message":"secret"}}'],
    ['a field twice', '{"message":"secret","message":"secret"}'],
    ['a field twice, the first of another type', '{"message":{"message":1},"message":"secret"}'],
    ['a field twice, once in escapes', '{"message":"secret","\\u006dessage":"a"}'],
    ['a field twice, between quotes and backslashes', '{"message":"\\\\","message":"\\\\\\""}'],
    ['constructor', '{"message":"a","constructor":{"prototype":{}}}'],
  ])('is rejected and not quoted: %s', async (_, payload) => {
    const { status, headers, body } = await post(app, '/echo', payload)
    expect([status, body.code]).toEqual([400, 'invalid_request'])
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(body.detail).not.toMatch(/secret|12345/)
    expect(JSON.stringify(body)).not.toMatch(/ at |\.ts/)
  })

  test('may begin with a byte order mark, which is no part of the message', async () => {
    const { status, body } = await post(app, '/echo', '\ufeff{"message":"\ufeffa"}')
    expect([status, body.message]).toEqual([200, '\ufeffa'])
  })

  test.each([
    ['{"message":1}', 'message'],
    ['{}', 'message'],
    ['{"message":"a","extra":1}', 'extra'],
    ['{"message":"a","__proto__":1}', '__proto__'],
  ])('is rejected with the name of the field: %s', async (payload, field) => {
    expect((await post(app, '/echo', payload)).body.field).toBe(field)
  })

  test.each([
    '',
    '\0',
    'ÄÖ €😀',
    '"\\\n',
    '\\',
    '\\"',
    '"message":"a"',
    ',[{'.repeat(10_000),
    'a'.repeat(60_000),
  ])('is read without a change to the message (%#)', async (message) => {
    expect((await post(app, '/echo', { message })).body).toEqual({ message })
  })
})
