// The form `items` of POST /sign/batch: each request gets its own answer, and one line of the audit log has them all.
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { get, post } from '../../support/services/http.ts'
import {
  fingerprintOf,
  macOf,
  makeRecordedSignerApp,
  makeSignerApp,
} from '../../support/services/signer-app.ts'

const app = makeSignerApp()
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const makeItems = (count: number, idLength = 4) =>
  Array.from({ length: count }, (_, index) => ({
    request_id: String(index).padStart(idLength, '0'),
    message: `m-${index}`,
  }))

type Result = { request_id: string; signature?: string; problem?: object }
type Line = {
  request_id: string
  outcome: string
  count: number
  key_id?: string
  request_ids: string[]
  trace_ids?: string[]
  part?: number
  parts?: number
}

async function send(items: unknown) {
  const { status, body } = await post(app, '/sign/batch', { items })
  return { status, body, results: body.results as Result[] }
}

const signed = (
  request_id: string,
  message: string | Uint8Array,
  key_id: 'new' | 'old' = 'new',
) => ({
  request_id,
  signature: macOf(message, key_id),
  key_id,
  algorithm: 'HMAC-SHA256',
})

describe('the results', () => {
  test('have the order of the items, whatever their keys and encodings are', async () => {
    const bytes = randomBytes(33)
    const base64 = { message: bytes.toString('base64'), encoding: 'base64' }
    const items = [
      { request_id: 'z', message: 'ü€' },
      { request_id: 'a', ...base64, key_id: 'old', trace_id: traceId },
      { message: '', request_id: 'A._-9' },
      { request_id: 'm', ...base64, key_id: 'new' },
      { request_id: 'b', message: 'ü€', encoding: 'utf8', key_id: 'old' },
    ]
    expect(await send(items)).toMatchObject({
      status: 200,
      body: {
        results: [
          signed('z', 'ü€'),
          signed('a', bytes, 'old'),
          signed('A._-9', ''),
          signed('m', bytes),
          signed('b', 'ü€', 'old'),
        ],
      },
    })
  })

  test('are in snake case, whether the caller asks for it or not', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' } }
    const body = JSON.stringify({ items: [{ request_id: 'a', message: '"key_id":' }] })
    const response = await app.request('/sign/batch', { ...init, body })
    expect(await response.json()).toEqual({ results: [signed('a', '"key_id":')] })
  })

  test('are 1,000 of the longest ids', async () => {
    const items = makeItems(1_000, 64)
    const { results } = await send(items)
    expect(results).toEqual(items.map(({ request_id, message }) => signed(request_id, message)))
  })
})

describe('an item that cannot be signed fails alone', () => {
  test.each<[title: string, item: object, field: string]>([
    ['no message', {}, 'message'],
    ['a number', { message: 1 }, 'message'],
    ['a lone surrogate', { message: '\ud800' }, 'message'],
    ['base64 without padding', { message: 'YQ', encoding: 'base64' }, 'message'],
    ['an unknown encoding', { message: 'a', encoding: 'latin1' }, 'encoding'],
    ['an unknown key', { message: 'a', key_id: 'older' }, 'key_id'],
    ['a key id that is a path', { message: 'a', key_id: '../new' }, 'key_id'],
    ['the key id of version 0.1.0', { message: 'a', keyId: 'new' }, 'keyId'],
    ['an unknown field', { message: 'a', algorithm: 'none' }, 'algorithm'],
    ['a trace id of zeros', { message: 'a', trace_id: '0'.repeat(32) }, 'trace_id'],
    ['a trace id in capitals', { message: 'a', trace_id: traceId.toUpperCase() }, 'trace_id'],
    ['a trace id that is too short', { message: 'a', trace_id: traceId.slice(1) }, 'trace_id'],
  ])('%s', async (_, item, field) => {
    const { status, results } = await send([
      { request_id: 'before', message: 'a' },
      { request_id: 'bad', ...item },
      { request_id: 'after', message: 'a', key_id: 'old' },
    ])
    const { detail } = (results[1] as { problem: { detail: string } }).problem
    const problem = { type: 'about:blank', title: 'Bad Request', status: 400, detail }
    expect([status, results]).toEqual([
      200,
      [
        signed('before', 'a'),
        {
          request_id: 'bad',
          problem: { ...problem, code: 'invalid_request', request_id: 'bad', field },
        },
        signed('after', 'a', 'old'),
      ],
    ])
    expect(detail).not.toContain('items')
  })

  test('with the problem that /sign answers', async () => {
    for (const item of [{ message: 1 }, { message: 'a', key_id: 'x' }, { message: 'a', b: 1 }]) {
      const single = await post(app, '/sign', item, { 'x-request-id': 'id-1' })
      const { results } = await send([{ request_id: 'id-1', ...item }])
      expect(results).toEqual([{ request_id: 'id-1', problem: single.body }])
    }
  })
})

describe('the whole call is refused, and nothing is signed', () => {
  const good = { request_id: 'a', message: 'a' }
  test.each<[title: string, body: unknown, field: string | undefined]>([
    ['no items', { items: [] }, 'items'],
    ['1,001 items', { items: makeItems(1_001) }, 'items'],
    ['an object instead of a list', { items: { 0: good } }, 'items'],
    ['null instead of a list', { items: null }, 'items'],
    ['both forms', { items: [good], messages: ['a'] }, 'messages'],
    ['an encoding for all', { items: [good], encoding: 'utf8' }, 'encoding'],
    ['a key for all', { items: [good], key_id: 'new' }, 'key_id'],
    ['a text among the items', { items: [good, 'a'] }, 'items.1'],
    ['null among the items', { items: [good, null] }, 'items.1'],
    ['a list among the items', { items: [good, []] }, 'items.1'],
    ['an item without an id', { items: [good, { message: 'a' }] }, 'items.1.request_id'],
    ['an empty id', { items: [good, { ...good, request_id: '' }] }, 'items.1.request_id'],
    ['an id with a space', { items: [good, { ...good, request_id: 'a b' }] }, 'items.1.request_id'],
    [
      'an id of 65 characters',
      { items: [good, { ...good, request_id: 'a'.repeat(65) }] },
      'items.1.request_id',
    ],
    ['an id twice', { items: [good, { ...good, request_id: 'b' }, good] }, 'items.2.request_id'],
    [
      'a field of an item twice',
      '{"items":[{"request_id":"a","message":"a","message":"b"}]}',
      undefined,
    ],
    ['__proto__ for the items', `{"__proto__":{"items":[${JSON.stringify(good)}]}}`, 'messages'],
  ])('%s', async (_, body, field) => {
    const { app, writes, counted } = makeRecordedSignerApp()
    const answer = await post(app, '/sign/batch', body, { 'x-request-id': 'call-1' })
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([
      400,
      'invalid_request',
      field,
    ])
    expect(answer.body).not.toHaveProperty('results')
    expect(counted).toEqual({})
    expect(writes.map((text) => JSON.parse(text))).toEqual([
      {
        ...{ time: '1970-01-01T00:00:00.000Z', event: 'audit', request_id: 'call-1' },
        ...{ caller: 'unknown', route: 'POST /sign/batch', outcome: 'invalid_request', count: 0 },
      },
    ])
  })

  test('more than 4 MiB', async () => {
    const items = makeItems(2).map((each) => ({ ...each, message: 'a'.repeat(2 * 1024 * 1024) }))
    expect((await send(items)).status).toBe(413)
  })

  test('no key', async () => {
    const { status, body } = await post(makeSignerApp(null), '/sign/batch', { items: [good] })
    expect([status, body.code]).toEqual([503, 'key_unavailable'])
  })
})

describe('the audit log', () => {
  /** Sends items. Returns the lines of the only write. */
  async function record(items: object[], headers = {}) {
    const { app, writes, counted } = makeRecordedSignerApp()
    const { status } = await post(
      app,
      '/sign/batch',
      { items },
      {
        'x-request-id': 'call-1',
        ...headers,
      },
    )
    expect([status, writes.length]).toEqual([200, 1])
    const texts = (writes[0] as string).split('\n')
    expect(texts.pop()).toBe('')
    return { texts, lines: texts.map((text): Line => JSON.parse(text)), counted }
  }
  const call = {
    ...{ time: '1970-01-01T00:00:00.000Z', event: 'audit', request_id: 'call-1' },
    ...{ caller: 'unknown', route: 'POST /sign/batch' },
  }

  test('has one line for all items of a key', async () => {
    const { texts, counted } = await record(makeItems(3))
    const request_ids = ['0000', '0001', '0002']
    const fingerprints = [0, 1, 2].map((index) => fingerprintOf(macOf(`m-${index}`)))
    const done = { outcome: 'signed', count: 3, key_id: 'new', fingerprints }
    const line = { ...call, ...done, request_ids }
    expect(texts).toEqual([JSON.stringify(line)])
    expect(counted).toEqual({ new: 3 })
  })

  test('has a line for each key and each error, and the parts say so', async () => {
    const items = [
      { request_id: 'a', message: 'hunter2', key_id: 'old' },
      { request_id: 'b', message: 'hunter2', trace_id: traceId },
      { request_id: 'c', message: 'hunter2', encoding: 'base64', trace_id: traceId },
      { request_id: 'd', message: 'hunter2' },
      { request_id: 'e', message: 'hunter2', trace_id: 'hunter2' },
    ]
    const { lines, texts, counted } = await record(items)
    expect(lines).toEqual([
      {
        ...call,
        outcome: 'signed',
        count: 1,
        key_id: 'old',
        fingerprints: [fingerprintOf(macOf('hunter2', 'old'))],
        request_ids: ['a'],
        part: 1,
        parts: 3,
      },
      {
        ...{ ...call, outcome: 'signed', count: 2, key_id: 'new', part: 2, parts: 3 },
        fingerprints: ['b', 'd'].map(() => fingerprintOf(macOf('hunter2'))),
        ...{ request_ids: ['b', 'd'], trace_ids: [traceId, ''] },
      },
      {
        ...{ ...call, outcome: 'invalid_request', count: 0, part: 3, parts: 3 },
        ...{ request_ids: ['c', 'e'], trace_ids: [traceId, ''] },
      },
    ])
    expect(counted).toEqual({ old: 1, new: 2 })
    expect(texts.join()).not.toMatch(new RegExp(`hunter2|${macOf('hunter2')}`))
  })

  test('has the trace id of the call beside those of its items', async () => {
    const traceparent = `00-${'b'.repeat(32)}-00f067aa0ba902b7-01`
    const items = [{ request_id: 'a', message: 'a', trace_id: traceId }]
    const { lines } = await record(items, { traceparent })
    expect(lines).toMatchObject([{ trace_id: 'b'.repeat(32), trace_ids: [traceId] }])
  })

  test.each([
    ['with the longest ids', {}, 8],
    ['with trace ids, too', { trace_id: traceId }, 16],
  ])('splits the line of 1,000 items into lines of at most 16 KiB, %s', async (_, more, parts) => {
    const caller = `spiffe://${'a'.repeat(400)}`
    const element = `By=a;Hash=${'0'.repeat(64)};Subject="";URI=${caller}`
    const items = makeItems(1_000, 64).map((each) => ({ ...each, ...more }))
    const { lines, texts, counted } = await record(items, { 'x-forwarded-client-cert': element })
    for (const text of texts) expect(Buffer.byteLength(`${text}\n`)).toBeLessThanOrEqual(16_384)
    const places = Array.from({ length: parts }, (_, index) => [index + 1, parts])
    expect(lines.map((line) => [line.part, line.parts])).toEqual(places)
    expect(lines.flatMap(({ request_ids }) => request_ids)).toEqual(
      items.map(({ request_id }) => request_id),
    )
    for (const { count, request_ids, trace_ids } of lines) {
      expect(count).toBe(request_ids.length)
      expect(trace_ids?.length).toBe('trace_id' in more ? count : undefined)
    }
    expect(counted).toEqual({ new: 1_000 })
  })

  test('splits failed items, too, and counts none', async () => {
    const items = makeItems(400, 64).map((each) => ({ ...each, key_id: 'unknown' }))
    const { lines } = await record(items)
    expect(lines.map(({ count, parts }) => [count, parts])).toEqual([
      [0, 2],
      [0, 2],
    ])
    expect(lines.flatMap(({ request_ids }) => request_ids)).toHaveLength(400)
  })
})

test('the service stays healthy after an item with a name of Object.prototype', async () => {
  const items =
    '{"items":[{"request_id":"a","message":"a","__proto__":{"b":1}},{"request_id":"b","message":"a"}]}'
  const { body } = await post(app, '/sign/batch', items)
  expect(body.results).toMatchObject([{ problem: { field: '__proto__' } }, signed('b', 'a')])
  expect((await get(app, '/healthz')).status).toBe(200)
})
