// Excess requests get 503 at once, and the others are served. Afterwards every request is served again.
import { describe, expect, test } from 'vitest'
import { beginPost, get, post } from '../../support/services/http.ts'
import { makeSignerApp } from '../../support/services/signer-app.ts'

describe.each([
  ['/sign', { message: 'a' }, 3],
  ['/verify', { message: 'a', signature: '0'.repeat(64) }, 3],
  ['/sign/batch', { messages: ['a'] }, 8],
])('POST %s', (path, request, most) => {
  test(`answers more than ${most} at once with 503 and Retry-After`, async () => {
    const app = makeSignerApp(undefined, undefined, 3)
    const text = JSON.stringify(request)
    const begun = Array.from({ length: most }, () => beginPost(app, path, text))
    const { status, headers, body } = await post(app, path, request)
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'overloaded', '1'])
    expect((await get(app, '/readyz')).status).toBe(200)
    for (const { finish } of begun) finish()
    expect(await Promise.all(begun.map(({ answered }) => answered))).toEqual(begun.map(() => 200))
    expect((await post(app, path, request)).status).toBe(200)
  })
})

test('rejected requests free their places', async () => {
  const app = makeSignerApp(undefined, undefined, 1)
  for (let count = 0; count < 3; count++) await post(app, '/sign', { message: 1 })
  expect((await post(app, '/sign', { message: 'a' })).status).toBe(200)
})
