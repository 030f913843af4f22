// What the matrix asks another application than our frontend, and how it reads answers that may be another service's.
import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../tools/verify/attack/probe.ts'
import {
  classify,
  classifyApplication,
  classifyBehindGateway,
} from '../../../tools/verify/matrix/classify.ts'
import { requests } from '../../../tools/verify/matrix/declared-table.ts'
import { composeLimits } from '../../../tools/verify/matrix/limits.ts'

const answer = (status: number, body = ''): Outcome => ({
  ...{ connected: true, end: 'closed' as const },
  received: `HTTP/1.1 ${status} X\r\ncontent-type: a\r\n\r\n${body}`,
})
const seen = (classifier: typeof classify, outcome: Outcome) => classifier(outcome).seen

describe('an answer at a gateway that others use too', () => {
  test.each([
    ['a 404 with a page', answer(404, '<h1>Not found</h1>')],
    ['a page of another service', answer(200, '<h1>Hello</h1>')],
    ['the refusal of a policy', answer(403, 'RBAC: access denied')],
    ['a redirect', answer(302)],
  ])('shows that no route leads to the signer: %s', (_, outcome) => {
    expect(seen(classifyBehindGateway, outcome)).toBe('route')
  })
  test.each([
    ['a signature', answer(200, '{"signature":"00","key_id":"key-1"}'), 'served'],
    ['a verdict', answer(200, '{"valid":true}'), 'served'],
    ['metrics', answer(200, '# HELP x\nsigner_signatures_total{} 1\n'), 'served'],
    ['a refusal by pairing', answer(403, '{"code":"pairing_refused"}'), 'pairing'],
    ['a connection without an answer', { ...answer(200), received: '' }, 'mtls'],
  ])('is judged as everywhere if it can be the signer: %s', (_, outcome, wanted) => {
    expect(seen(classifyBehindGateway, outcome)).toBe(wanted)
  })
})

test.each([
  [201, 'served'],
  [204, 'served'],
  [302, 'other'],
  [500, 'other'],
])('an application that answers %i is %s', (status, wanted) => {
  expect(seen(classifyApplication, answer(status))).toBe(wanted)
  expect(seen(classify, answer(status))).toBe('other')
})

describe('another application', () => {
  const smoke = { request: { method: 'POST' as const, path: '/orders' } }
  const orders = {
    ...{ file: 'signing.yaml', port: 8000, smoke },
    routes: [{ method: 'POST' as const, path: '/orders' }],
  }
  const listUnasked = (caller: string, ...args: Parameters<typeof composeLimits>) =>
    requests.map(({ id }) => id).filter((id) => !composeLimits(...args).isMeasured(caller, id))

  test('is asked for everything, but for readiness at the gateway', () => {
    expect(composeLimits(orders, []).notes).toEqual([])
    expect(listUnasked('other-account', orders, [])).toEqual([])
    expect(listUnasked('public', orders, [])).toEqual(['readyz'])
  })
  test('that opens its port is not asked there by other Pods, and a note says so', () => {
    const policy = 'AuthorizationPolicy/partners'
    expect(listUnasked('other-account', orders, [policy])).toEqual(['application'])
    expect(listUnasked('public', orders, [policy])).toEqual(['readyz'])
    expect(composeLimits(orders, [policy]).notes).toEqual([
      'AuthorizationPolicy/partners opens port 8000 of the application, so no Pod asks there',
    ])
  })
  test('without a smoke request is not asked at the gateway', () => {
    const silent = { ...orders, smoke: undefined }
    expect(listUnasked('public', silent, [])).toEqual(['readyz', 'application'])
    expect(composeLimits(silent, []).notes.join()).toContain('no smoke request')
  })
  test('that has a public path of the name of one of the signer is not asked for the signer there', () => {
    const routes = [{ method: 'GET' as const, path: '/sign/*' }]
    const named = { ...orders, routes }
    expect(listUnasked('public', named, [])).toEqual(['batch', 'readyz'])
    expect(listUnasked('other-namespace', named, [])).toEqual([])
  })
})
