// With separate Pods, the signer admits only the frontend's identity, which the proxy verified.
import { describe, expect, test } from 'vitest'
import { createCallerCheck } from '../../../signer/caller-identity.ts'
import { makeSignerApp } from '../../support/services/signer-app.ts'

const td = 'spiffe://td/ns/signing/sa'
const app = makeSignerApp(undefined, undefined, undefined, createCallerCheck(`${td}/frontend`))
const element = (uri: string) => `By=${td}/signer;Hash=${'a'.repeat(64)};Subject="";URI=${uri}`

const bodies = {
  '/sign': { message: 'a' },
  '/sign/batch': { messages: ['a'] },
  '/verify': { message: 'a', signature: '0'.repeat(64) },
}
function ask(path: string, xfcc?: string) {
  const headers = { 'content-type': 'application/json', 'x-forwarded-client-cert': xfcc ?? '' }
  const body = bodies[path as keyof typeof bodies]
  return app.request(
    path,
    body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) },
  )
}

describe.each(['/sign', '/sign/batch', '/verify', '/keys'])('%s', (path) => {
  test('serves the frontend', async () => {
    expect((await ask(path, element(`${td}/frontend`))).status).toBe(200)
  })

  test.each([
    ['a caller without an identity', undefined],
    ['the signer itself', element(`${td}/signer`)],
    ['a name that begins like the frontend', element(`${td}/frontend-2`)],
    ['an identity of another namespace', element('spiffe://td/ns/other/sa/frontend')],
    [
      'a caller that puts the identity first',
      `${element(`${td}/frontend`)},${element(`${td}/other`)}`,
    ],
    ['a caller that claims the identity without a certificate', `URI=${td}/frontend`],
  ])('refuses %s', async (_, xfcc) => {
    const response = await ask(path, xfcc)
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ code: 'caller_refused' })
  })
})

test.each(['/healthz', '/readyz', '/metrics'])(
  '%s serves every caller that the mesh admits',
  async (path) => {
    expect((await ask(path)).status).toBe(200)
  },
)
