// Excess requests get 503 at once, and the others are served. Afterwards every request is served again.
import { describe, expect, test } from 'vitest'
import { beginPost, get, post } from '../../support/services/http.ts'
import { makeSignerApp } from '../../support/services/signer-app.ts'

/** Without it, a batch may be large. */
const small = { 'content-length': '64' }

describe.each<[path: string, request: object, most: number, headers: Record<string, string>]>([
  ['/sign', { message: 'a' }, 3, {}],
  ['/verify', { message: 'a', signature: '0'.repeat(64) }, 3, {}],
  ['/sign/batch', { messages: ['a'] }, 8, {}],
  ['/sign/batch', { messages: ['a'] }, 8, { 'content-length': '65537' }],
  ['/sign/batch', { messages: ['a'] }, 32, small],
  ['/sign/batch', { items: [{ request_id: 'a', message: 'a' }] }, 32, small],
])('POST %s, %o', (path, request, most, more) => {
  test(`answers more than ${most} at once with 503 and Retry-After`, async () => {
    const app = makeSignerApp(undefined, undefined, 3)
    const text = JSON.stringify(request)
    const begun = Array.from({ length: most }, () => beginPost(app, path, text, more))
    const { status, headers, body } = await post(app, path, request, more)
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'overloaded', '1'])
    expect((await get(app, '/readyz')).status).toBe(200)
    for (const { finish } of begun) finish()
    expect(await Promise.all(begun.map(({ answered }) => answered))).toEqual(begun.map(() => 200))
    expect((await post(app, path, request, more)).status).toBe(200)
  })
})

test('rejected requests free their places', async () => {
  const app = makeSignerApp(undefined, undefined, 1)
  for (let count = 0; count < 3; count++) await post(app, '/sign', { message: 1 })
  expect((await post(app, '/sign', { message: 'a' })).status).toBe(200)
})
