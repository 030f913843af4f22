// The bodies of the matrix, against the real signer: with keys of any form it serves one of them, and the other shows no signature.
import { createSecretKey, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Form } from '../../../runtime/contract.ts'
import type { KeyRing } from '../../../signer/keys/key-ring.ts'
import { isSigned, parseAuditLog } from '../../../tools/verify/attack/audited-requests.ts'
import {
  type ComposeBodies,
  composeWebhookBodies,
  rawBodies,
} from '../../../tools/verify/matrix/bodies.ts'
import { classifyBehindGateway, lacksRawKey } from '../../../tools/verify/matrix/classify.ts'
import { makeRecordedSignerApp } from '../../support/services/signer-app.ts'

const requests = { sign: '/sign', batch: '/sign/batch', verify: '/verify' }
const id = 'test-1'

function holding(...forms: Form[]): KeyRing {
  const keysOf = (form: Form) =>
    forms.includes(form) ? [{ id: form, material: createSecretKey(randomBytes(32)) }] : []
  return { raw: keysOf('raw'), webhook: keysOf('webhook') }
}

/** Sends all requests as the matrix does. Returns the outcomes, and the audited requests. */
async function ask(ring: KeyRing, compose: ComposeBodies) {
  const { app, writes } = makeRecordedSignerApp(ring)
  const outcomes = await Promise.all(
    Object.entries(requests).map(async ([request, path]) => {
      const answer = await app.request(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-request-id': id },
        body: compose(id)[request as keyof typeof requests],
      })
      const received = `HTTP/1.1 ${answer.status} X\r\n\r\n${await answer.text()}`
      return { connected: true, end: 'closed' as const, received }
    }),
  )
  return { outcomes, audited: parseAuditLog(writes.join('')) }
}

test.each([
  ['raw keys', holding('raw'), () => rawBodies],
  ['keys of both forms', holding('raw', 'webhook'), () => rawBodies],
  ['webhook keys', holding('webhook'), composeWebhookBodies],
] as const)(
  'a signer with %s serves every request, and audits its id',
  async (_, ring, compose) => {
    const { outcomes, audited } = await ask(ring, compose)
    expect(outcomes.map((each) => classifyBehindGateway(each).answer)).toEqual([
      '200',
      '200',
      '200',
    ])
    expect(outcomes.map((each) => classifyBehindGateway(each).seen)).toEqual(
      Array(3).fill('served'),
    )
    expect(outcomes.map(lacksRawKey)).toEqual([false, false, false])
    const found = audited.map(({ outcome, count }) => [outcome, count])
    expect(found.toSorted()).toEqual([
      ...[
        ['signed', 1],
        ['signed', 1],
        ['verified', 1],
      ],
    ])
    expect(audited.map(({ request_id }) => request_id)).toEqual([id, id, id])
  },
)

test('a signer with webhook keys alone says so to the raw form, and signs nothing', async () => {
  const { outcomes, audited } = await ask(holding('webhook'), () => rawBodies)
  expect(outcomes.map(lacksRawKey)).toEqual([true, true, true])
  expect(audited.filter(isSigned)).toEqual([])
})

test.each([
  ['a refusal by pairing', 403, '{"code":"pairing_refused"}'],
  ['an empty Secret', 503, '{"code":"key_unavailable"}'],
  ['another invalid request', 400, '{"code":"invalid_request","detail":"message: is missing"}'],
  ['a page with these words', 200, 'the signer has no raw key'],
])('%s asks for no other form', (_, status, body) => {
  const received = `HTTP/1.1 ${status} X\r\n\r\n${body}`
  expect(lacksRawKey({ connected: true, end: 'closed', received })).toBe(false)
})
