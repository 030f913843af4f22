// What a limit means for each route: what spends, what is refused, and what everybody is told about it.
import { describe, expect, test } from 'vitest'
import type { Rate } from '../../../signer/limits.ts'
import { post } from '../../support/services/http.ts'
import { makeLimitedSignerApp } from '../../support/services/limited-signer-app.ts'

const limits = { perSecond: 2, burst: 5 }
const verifications = { perSecond: 2, burst: 3 }

function start(given: Partial<Rate> = limits) {
  const made = makeLimitedSignerApp(given, verifications)
  const send = (path: string, body: unknown) => post(made.app, path, body)
  const batch = (count: number, rest = {}) =>
    send('/sign/batch', { messages: Array.from({ length: count }, String), ...rest })
  const items = async (...keys: string[]) => {
    const list = keys.map((key_id, index) => ({ request_id: `i-${index}`, message: 'a', key_id }))
    return send('/sign/batch', { items: list })
  }
  const verify = () => send('/verify', { message: 'a', signature: 'ab'.repeat(32) })
  /** Returns how many single messages are still signed. */
  const drain = async (rest = {}) => {
    let count = 0
    while ((await send('/sign', { message: 'a', ...rest })).status === 200) count += 1
    return count
  }
  return { ...made, send, batch, items, verify, drain }
}

describe('a message over the limit', () => {
  test('is answered 429 with Retry-After, and passes after that time', async () => {
    const { send, drain, time } = start()
    expect(await drain()).toBe(5)
    const { status, headers, body } = await send('/sign', { message: 'a' })
    expect([status, headers.get('retry-after')]).toEqual([429, '1'])
    expect(body).toMatchObject({ status: 429, code: 'rate_limited', retry_after: 1 })
    time.pass(1)
    expect(await drain()).toBe(2)
  })

  test('leaves those of another key', async () => {
    const { drain } = start()
    expect([await drain(), await drain({ key_id: 'old' })]).toEqual([5, 5])
    expect(await drain({ key_id: 'new' })).toBe(0)
  })

  test('leaves verifications, and they leave signatures', async () => {
    const { drain, verify } = start()
    const statuses = []
    for (let count = 0; count < 5; count++) statuses.push((await verify()).status)
    expect(statuses).toEqual([200, 200, 200, 429, 429])
    expect(await drain()).toBe(5)
  })
})

describe('a batch', () => {
  test('spends its messages, or is refused whole and spends nothing', async () => {
    const { batch, drain } = start()
    expect((await batch(3)).status).toBe(200)
    const { status, headers, body } = await batch(4)
    expect([status, headers.get('retry-after')]).toEqual([429, '1'])
    expect(body).not.toHaveProperty('signatures')
    expect(await drain()).toBe(2)
  })

  test('that never fits is told how many do', async () => {
    const { body } = await start().batch(6)
    expect(body).toMatchObject({
      code: 'rate_limited',
      detail: expect.stringContaining('at most 5'),
    })
  })
})

describe('items', () => {
  test('are signed while there are some left for their key, and each other one is refused alone', async () => {
    const { items, drain } = start()
    await drain({ key_id: 'old' })
    const keys = ['new', 'old', 'new', 'new', 'new', 'old', 'new', 'new', 'new']
    const { status, body } = await items(...keys)
    expect(status).toBe(200)
    const problem = { status: 429, code: 'rate_limited', retry_after: 1 }
    expect(body.results).toEqual(
      keys.map((key_id, index) => {
        const signed = key_id === 'new' && index < 7
        return expect.objectContaining({
          request_id: `i-${index}`,
          ...(signed ? { key_id } : { problem: expect.objectContaining(problem) }),
        })
      }),
    )
  })
})

describe('spends nothing:', () => {
  test.each<[string, string, unknown]>([
    ['an unknown key', '/sign', { message: 'a', key_id: 'none' }],
    ['bytes that are no base64', '/sign', { message: '%', encoding: 'base64' }],
    ['no message', '/sign', {}],
    ['no JSON', '/sign', '{'],
    ['a batch with an unknown key', '/sign/batch', { messages: ['a'], key_id: 'none' }],
    [
      'a batch with one bad message',
      '/sign/batch',
      { messages: ['YQ==', '%'], encoding: 'base64' },
    ],
    [
      'a bad item',
      '/sign/batch',
      { items: [{ request_id: 'a', message: '%', encoding: 'base64' }] },
    ],
    [
      'items with one id',
      '/sign/batch',
      { items: ['a', 'a'].map((id) => ({ request_id: id, message: 'a' })) },
    ],
  ])('%s', async (_, path, body) => {
    const { send, drain } = start()
    for (let count = 0; count < 9; count++) await send(path, body)
    expect(await drain()).toBe(5)
  })

  test.each(['isRefused', 'isFrozen'] as const)('a request while the signer %s', async (name) => {
    const { state, send, batch, items, drain, read } = start()
    state[name] = true
    const answers = [
      await send('/sign', { message: 'a' }),
      await batch(3),
      await items('new', 'old'),
    ]
    expect(answers.map(({ status }) => status)).toEqual(
      Array(3).fill(name === 'isFrozen' ? 503 : 403),
    )
    state[name] = false
    expect(await drain()).toBe(5)
    expect(await read('signer_rate_limited_messages_total')).toBe(1)
  })

  test.each([
    ['an unauthorized verification', '/verify', { message: 'a', signature: 'ab'.repeat(32) }, true],
    ['an invalid verification', '/verify', { message: 'a', signature: 'ab' }, false],
    [
      'one with an unknown key',
      '/verify',
      { message: 'a', signature: 'ab'.repeat(32), key_id: 'x' },
      false,
    ],
  ])('%s', async (_, path, body, isRefused) => {
    const { state, send, verify } = start()
    state.isRefused = isRefused
    for (let count = 0; count < 9; count++) await send(path, body)
    state.isRefused = false
    expect((await verify()).status).toBe(200)
  })
})

describe('on record', () => {
  test('metrics count what each limit refused', async () => {
    const { drain, batch, items, verify, read } = start()
    const refused = (id: string) => read('signer_rate_limited_messages_total', `key_id="${id}"`)
    // Each series of a key starts at 0.
    expect([await refused('new'), await refused('old')]).toEqual([0, 0])
    await drain()
    await batch(4)
    await items('new', 'new', 'old')
    for (let count = 0; count < 5; count++) await verify()
    expect([await refused('new'), await refused('old'), await refused('')]).toEqual([7, 0, 2])
    // Whole answers: one message, the batch, two verifications. Those about items are in none.
    expect(await read('http_problems_total', 'code="rate_limited"')).toBe(4)
    expect(await read('signer_signatures_total')).toBe(6)
  })

  test('metrics count the day', async () => {
    const { drain, read, time } = start({ perDay: 7 })
    await drain()
    await drain({ key_id: 'old' })
    const today = () => read('signer_signatures_today', 'key_id="new"')
    expect([await read('signer_signatures_per_day_limit'), await today()]).toEqual([7, 7])
    time.pass(12 * 60 * 60)
    expect(await today()).toBeUndefined()
  })

  test('without a limit of the day there is no metric of it', async () => {
    const { app } = start()
    const text = await (await app.request('/metrics')).text()
    expect(text).not.toMatch(/signer_signatures_(today|per_day_limit)/)
    expect(text).toContain('signer_rate_limited_messages_total')
  })

  test('the audit log has what was refused, with the count 0', async () => {
    const { drain, batch, items, lines } = start()
    await drain()
    await batch(2)
    await items('old', 'new')
    const last = lines.slice(5).map((line) => {
      const { route, outcome, count, key_id, request_ids } = JSON.parse(line)
      return [route, outcome, count, key_id, request_ids]
    })
    expect(last).toEqual([
      ['POST /sign', 'rate_limited', 0, undefined, undefined],
      ['POST /sign/batch', 'rate_limited', 0, undefined, undefined],
      ['POST /sign/batch', 'signed', 1, 'old', ['i-0']],
      ['POST /sign/batch', 'rate_limited', 0, undefined, ['i-1']],
    ])
  })
})
