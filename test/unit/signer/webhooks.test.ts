// Webhooks: the signed string, the keys that sign it, and what is refused.
import { createSecretKey, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { KeyRing } from '../../../signer/keys/key-ring.ts'
import { get, post } from '../../support/services/http.ts'
import {
  fingerprintOf,
  makeRecordedSignerApp,
  makeSignerApp,
} from '../../support/services/signer-app.ts'
import {
  deriveKey,
  type WebhookHeaders as Headers,
  signAnything,
} from '../../support/webhooks/receivers.ts'

const bytes = { raw: randomBytes(32), new: randomBytes(32), old: randomBytes(24) }
const makeKey = (id: keyof typeof bytes) => ({ id, material: createSecretKey(bytes[id]) })
const ring: KeyRing = { raw: [makeKey('raw')], webhook: [makeKey('new'), makeKey('old')] }
const app = makeSignerApp(ring)
const body = '{"type":"order.paid","total":19.99}'

async function sign(request: object) {
  const before = Math.floor(Date.now() / 1_000)
  const answer = await post(app, '/sign', request)
  const headers = answer.body.headers as Headers
  return { ...answer, headers, before, after: Math.floor(Date.now() / 1_000) }
}

const macOf = (key: Buffer, headers: Headers, text: string | Uint8Array) => {
  const signed = signAnything(key, headers['webhook-id'], headers['webhook-timestamp'], text)
  return signed['webhook-signature']
}

describe('POST /sign with a body', () => {
  test('signs by each webhook key, the primary one first, with the time of the signer', async () => {
    const { status, body: answer, headers, before, after } = await sign({ body, id: 'msg_1' })
    expect([status, Object.keys(answer)]).toEqual([200, ['headers', 'key_ids']])
    expect(answer.key_ids).toEqual(['new', 'old'])
    expect(headers['webhook-id']).toBe('msg_1')
    expect(Number(headers['webhook-timestamp'])).toBeGreaterThanOrEqual(before)
    expect(Number(headers['webhook-timestamp'])).toBeLessThanOrEqual(after)
    const expected = [macOf(bytes.new, headers, body), macOf(bytes.old, headers, body)].join(' ')
    expect(headers['webhook-signature']).toBe(expected)
  })

  test('gives each webhook an id of its own by default', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await sign({ body })).headers['webhook-id']),
    )
    expect(new Set(ids).size).toBe(20)
    for (const id of ids) expect(id).toMatch(/^msg_[\w-]{22,}$/)
  })

  test('signs by one key that the request names', async () => {
    const { body: answer, headers } = await sign({ body, key_id: 'old' })
    expect(answer.key_ids).toEqual(['old'])
    expect(headers['webhook-signature']).toBe(macOf(bytes.old, headers, body))
  })

  test('signs bytes in base64', async () => {
    const binary = randomBytes(100).map((byte) => byte | 0x80)
    const request = { body: Buffer.from(binary).toString('base64'), encoding: 'base64' }
    const { headers } = await sign({ ...request, key_id: 'new' })
    expect(headers['webhook-signature']).toBe(macOf(bytes.new, headers, binary))
  })

  test('derives the key of a consumer, for each version in the order of the request', async () => {
    const one = await sign({ body, consumer: 'acme', key_id: 'new' })
    const mac = (consumer: string, version: number, key = bytes.new, { headers } = one) =>
      macOf(deriveKey(key, consumer, version), headers, body)
    expect(one.headers['webhook-signature']).toBe(mac('acme', 1))
    const two = await sign({ body, consumer: 'acme', consumer_versions: [2, 1] })
    const [a, b, c, d] = two.headers['webhook-signature'].split(' ')
    expect([a, b]).toEqual([mac('acme', 2, bytes.new, two), mac('acme', 1, bytes.new, two)])
    expect([c, d]).toEqual([mac('acme', 2, bytes.old, two), mac('acme', 1, bytes.old, two)])
    expect(two.body.key_ids).toEqual(['new', 'old'])
  })

  test.each<[title: string, request: object, field: string]>([
    ['an id with a dot', { body, id: 'a.b' }, 'id'],
    ['an empty id', { body, id: '' }, 'id'],
    ['an id with a space', { body, id: 'a b' }, 'id'],
    ['an id with a line break', { body, id: 'a\nb' }, 'id'],
    ['an id of 129 characters', { body, id: 'a'.repeat(129) }, 'id'],
    ['a time', { body, timestamp: 1 }, 'timestamp'],
    ['a message, too', { body, message: 'a' }, 'message'],
    ['a raw key', { body, key_id: 'raw' }, 'key_id'],
    ['an unknown key', { body, key_id: 'x' }, 'key_id'],
    ['an empty consumer', { body, consumer: '' }, 'consumer'],
    ['a consumer with a space', { body, consumer: 'a b' }, 'consumer'],
    ['versions without a consumer', { body, consumer_versions: [1] }, 'consumer_versions'],
    ['no version', { body, consumer: 'a', consumer_versions: [] }, 'consumer_versions'],
    ['three versions', { body, consumer: 'a', consumer_versions: [1, 2, 3] }, 'consumer_versions'],
    ['version 0', { body, consumer: 'a', consumer_versions: [0] }, 'consumer_versions.0'],
    ['a version as text', { body, consumer: 'a', consumer_versions: ['1'] }, 'consumer_versions.0'],
    ['a lone surrogate', { body: '\ud800' }, 'body'],
    ['base64 without padding', { body: 'YQ', encoding: 'base64' }, 'body'],
  ])('refuses %s', async (_, request, field) => {
    const answer = await post(app, '/sign', request)
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([
      400,
      'invalid_request',
      field,
    ])
    expect(answer.body.detail).not.toMatch(/invalid input/i)
  })

  test('refuses a webhook if there is no webhook key, and a message if there is no raw key', async () => {
    const noHook = await post(makeSignerApp({ ...ring, webhook: [] }), '/sign', { body })
    expect([noHook.status, noHook.body.field]).toEqual([400, 'key_id'])
    const noRaw = makeSignerApp({ ...ring, raw: [] })
    for (const [path, request] of [
      ['/sign', { message: body }],
      ['/sign', { message: body, key_id: 'new' }],
      ['/sign/batch', { messages: [body] }],
      ['/sign/batch', { messages: [body], key_id: 'new' }],
      ['/verify', { message: body, signature: '0'.repeat(64), key_id: 'new' }],
    ] as const) {
      expect((await post(noRaw, path, request)).body).toMatchObject({ code: 'invalid_request' })
    }
  })
})

test('items of both forms share a call, and the audit log has each signature with its consumer', async () => {
  const {
    app: recorded,
    writes,
    counted,
  } = makeRecordedSignerApp({ ...ring, webhook: [makeKey('new')] })
  const items = [
    { request_id: 'a', body, consumer: 'acme', consumer_versions: [2, 1] },
    { request_id: 'b', message: 'm' },
    { request_id: 'c', body, id: 'x.y' },
    { request_id: 'd', body },
    { request_id: 'e', body: '1900000000.x' },
  ]
  const { body: answer } = await post(recorded, '/sign/batch', { items })
  const results = answer.results as {
    headers?: Headers
    signature?: string
    problem?: { code: string }
  }[]
  expect(results.map(({ problem }) => problem?.code)).toEqual([
    ...[undefined, undefined, 'invalid_request', undefined, 'ambiguous_body'],
  ])
  const prints = (at: number) =>
    (results[at]?.headers?.['webhook-signature'] ?? '')
      .split(' ')
      .map((each) => fingerprintOf(Buffer.from(each.slice(3), 'base64').toString('hex')))
  const lines = writes.flatMap((text) => text.trimEnd().split('\n')).map((line) => JSON.parse(line))
  expect(lines.map(({ outcome, count, key_id }) => [outcome, count, key_id])).toEqual([
    ['signed', 3, 'new'],
    ['signed', 1, 'raw'],
    ['invalid_request', 0, undefined],
    ['ambiguous_body', 0, undefined],
  ])
  expect(lines[0]).toMatchObject({
    fingerprints: [...prints(0), ...prints(3)],
    consumers: ['acme', 'acme', ''],
    request_ids: ['a', 'a', 'd'],
  })
  expect(lines[1]).not.toHaveProperty('consumers')
  expect(counted).toEqual({ new: 3, raw: 1 })
})

test('a webhook has at most 16 signatures', async () => {
  const webhook = Array.from({ length: 9 }, (_, index) => {
    return { id: `hook-${index}`, material: createSecretKey(randomBytes(32)) }
  })
  const many = makeSignerApp({ ...ring, webhook })
  const request = { body, consumer: 'acme', consumer_versions: [1, 2] }
  const refused = await post(many, '/sign', request)
  expect([refused.status, refused.body.field]).toEqual([400, 'key_id'])
  for (const fewer of [
    { ...request, consumer_versions: [1] },
    { ...request, key_id: 'hook-8' },
  ]) {
    expect((await post(many, '/sign', fewer)).status).toBe(200)
  }
})

test('a call has about 1,000 signatures, and the items behind them try again', async () => {
  const item = { body, consumer: 'acme', consumer_versions: [1, 2] }
  const items = Array.from({ length: 260 }, (_, index) => ({ request_id: `${index}`, ...item }))
  const { body: answer } = await post(app, '/sign/batch', { items })
  const results = answer.results as { problem?: { code: string; retry_after: number } }[]
  expect(results.slice(0, 250).every(({ problem }) => problem === undefined)).toBe(true)
  for (const { problem } of results.slice(250)) {
    expect(problem).toMatchObject({ code: 'rate_limited', retry_after: 1 })
  }
})

describe('POST /verify with a body', () => {
  const verify = async (request: object) => (await post(app, '/verify', request)).body
  const at = (seconds: number, { consumer = '', id = 'm' } = {}) => {
    const key = consumer === '' ? bytes.old : deriveKey(bytes.old, consumer)
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': '',
    }
    return { ...headers, 'webhook-signature': macOf(key, headers, body) }
  }
  const now = () => Math.floor(Date.now() / 1_000)

  test('knows each webhook key, and the keys of consumers', async () => {
    const valid = { valid: true, key_id: 'old' }
    expect(await verify({ body, headers: at(now()) })).toEqual(valid)
    expect(await verify({ body, headers: at(now()), key_id: 'old' })).toEqual(valid)
    expect(await verify({ body, headers: at(now()), key_id: 'new' })).toEqual({ valid: false })
    expect(await verify({ body, headers: at(now()), consumer: 'a' })).toEqual({ valid: false })
    const ofConsumer = at(now(), { consumer: 'a' })
    expect(await verify({ body, headers: ofConsumer, consumer: 'a' })).toEqual(valid)
    const second = { consumer: 'a', consumer_versions: [2] }
    expect(await verify({ body, headers: ofConsumer, ...second })).toEqual({ valid: false })
    expect(await verify({ body: `${body} `, headers: at(now()) })).toEqual({ valid: false })
  })

  test('has the tolerance of receivers', async () => {
    for (const away of [-290, 290]) {
      expect(await verify({ body, headers: at(now() + away) })).toMatchObject({ valid: true })
    }
    for (const away of [-310, 310, -1e9, 1e10]) {
      expect(await verify({ body, headers: at(now() + away) })).toEqual({ valid: false })
    }
  })

  test('takes one signature of several, and no other version', async () => {
    const headers = at(now())
    const list = `v1a,AAAA v1,${'A'.repeat(43)}= ${headers['webhook-signature']}`
    expect(
      await verify({ body, headers: { ...headers, 'webhook-signature': list } }),
    ).toMatchObject({
      valid: true,
    })
    for (const wrong of ['', 'v1', 'v1,', headers['webhook-signature'].replace('v1', 'v2')]) {
      const given = { ...headers, 'webhook-signature': wrong }
      expect(await verify({ body, headers: given })).not.toMatchObject({ valid: true })
    }
  })

  test('never takes an id with a dot, which may come from another cut', async () => {
    const { headers } = await sign({ body: 'y.z', id: 'x' })
    const cut = {
      ...headers,
      'webhook-id': `x.${headers['webhook-timestamp']}.y`,
      'webhook-timestamp': '',
    }
    expect(await verify({ body: 'z', headers: cut })).not.toMatchObject({ valid: true })
  })
})

test('GET /keys lists the form of each key, with a primary one for each form', async () => {
  expect((await get(app, '/keys')).body).toEqual({
    keys: [
      { key_id: 'new', state: 'primary', form: 'webhook' },
      { key_id: 'old', state: 'active', form: 'webhook' },
      { key_id: 'raw', state: 'primary', form: 'raw' },
    ],
  })
})
