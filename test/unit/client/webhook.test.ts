// signWebhook: what it sends, what it refuses before it sends, and what its errors tell code that tries again.
import { describe, expect, test } from 'vitest'
import { createWebhookSigner, SignerError, type WebhookOptions } from '../../../client/index.ts'
import { refusals } from '../../../client/signer-error.ts'
import { statusOf } from '../../../runtime/errors.ts'
import { webhookOf } from '../../support/services/fake-signer.ts'
import { startClients, startOccupied } from '../../support/services/occupied-client.ts'

const rejected = (error: object) => ({
  status: 'rejected',
  reason: expect.objectContaining(error),
})

/** Starts a signer that answers so. Returns the error of a call. */
async function refuse(status: number, problem: object | string): Promise<SignerError> {
  const text = typeof problem === 'string' ? problem : JSON.stringify(problem)
  const { signWebhook } = await startClients(({ answer }) => answer(status, text))
  const error = await signWebhook('a', { consumer: 'acme' }).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(SignerError)
  return error as SignerError
}

describe('a webhook', () => {
  test('goes to /sign, and gives the three headers', async () => {
    const { signWebhook, calls } = await startClients()
    const body = '{"type":"order.paid","text":"Grüße 😀"}'
    const headers = await signWebhook(body, { id: 'msg_1' })
    expect(headers).toEqual(webhookOf(body, 'msg_1').headers)
    expect(calls.map((call) => [call.path, JSON.parse(call.body)])).toEqual([
      ['/sign', { body, id: 'msg_1' }],
    ])
    expect(new Headers({ 'content-type': 'application/json', ...headers }).get('webhook-id')).toBe(
      'msg_1',
    )
  })

  test('has all options', async () => {
    const { signWebhook, calls } = await startClients()
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    await signWebhook('a', {
      ...{ consumer: 'acme', id: 'msg_1', consumerVersions: [2, 1], keyId: 'webhook-2' },
      ...{ requestId: 'order-1', traceparent },
    })
    const [{ body, headers } = { body: '', headers: {} }] = calls
    expect(JSON.parse(body)).toEqual({
      ...{ body: 'a', id: 'msg_1', consumer: 'acme', consumer_versions: [2, 1] },
      key_id: 'webhook-2',
    })
    expect(headers).toMatchObject({ 'x-request-id': 'order-1', traceparent })
  })

  test('may have options that are undefined', async () => {
    const { signWebhook, calls } = await startClients()
    await signWebhook('a', { consumer: undefined, requestId: undefined, traceparent: undefined })
    expect(calls.map(({ body }) => body)).toEqual(['{"body":"a"}'])
  })

  const bytes: [string, Uint8Array, object][] = [
    ['UTF-8 go as text', Buffer.from('Grüße 😀'), { body: 'Grüße 😀' }],
    ['a byte order mark stay', Buffer.from('\uFEFFa'), { body: '\uFEFFa' }],
    ['no length go as text', new Uint8Array(), { body: '' }],
    ['other bytes go in base64', Buffer.from('ff00', 'hex'), { body: '/wA=', encoding: 'base64' }],
    [
      'a part of a buffer are those of the part',
      Buffer.from('xaby').subarray(1, 3),
      { body: 'ab' },
    ],
  ]
  test.each(bytes)('with bytes: those of %s', async (_, given, sent) => {
    const { signWebhook, calls } = await startClients()
    await signWebhook(given)
    expect(calls.map(({ body }) => JSON.parse(body))).toEqual([sent])
  })

  test('goes to the signer of the settings without a client', async () => {
    const { options, calls } = await startClients()
    expect(await createWebhookSigner(options)('a')).toEqual(webhookOf('a').headers)
    expect(calls).toHaveLength(1)
    expect(() => createWebhookSigner({ environment: { SIGNER_URL: 'ftp://a' } })).toThrow(
      'SIGNER_URL: must be',
    )
  })
})

describe('nothing is sent for', () => {
  const invalid: [string, unknown, object, string][] = [
    ['a lone surrogate', 'a\ud800', {}, 'body: must be well-formed Unicode'],
    ['an object', { type: 'order.paid' }, {}, 'body: must be the text or the bytes that you send'],
    ['nothing', undefined, {}, 'body: must be the text or the bytes that you send'],
    ['a misspelt option', 'a', { consumer_versions: [2] }, 'consumer_versions: unknown option'],
  ]
  test.each(invalid)('%s', async (_, body, options, message) => {
    const { signWebhook, calls } = await startClients()
    const asked = signWebhook(body as string, options as WebhookOptions)
    await expect(asked).rejects.toMatchObject({
      ...{ name: 'SignerError', code: 'request_invalid', isPermanent: true },
      message: expect.stringContaining(message),
    })
    expect(calls).toEqual([])
  })
})

describe('an error has the code of the signer, and says whether another attempt can help', () => {
  const field = (name: string) => ({ code: 'invalid_request', detail: `${name}: no`, field: name })
  const cases: [number, object | string, object][] = [
    [400, { code: 'ambiguous_body', detail: 'body: a', field: 'body' }, { isPermanent: true }],
    [400, field('id'), { isPermanent: true }],
    [400, field('consumer'), { isPermanent: true }],
    [400, field('consumer_versions.0'), { isPermanent: true }],
    [413, { code: 'payload_too_large', detail: 'a' }, { isPermanent: true }],
    // An operator may add the key, also if there is no webhook key yet.
    [400, field('key_id'), { isPermanent: false }],
    [400, { code: 'invalid_request', detail: 'a' }, { isPermanent: false }],
    [403, { code: 'pairing_refused', detail: 'a' }, { isPermanent: false }],
    [503, { code: 'frozen', detail: 'a' }, { isPermanent: false }],
    [503, { code: 'audit_unavailable', detail: 'a' }, { isPermanent: false }],
  ]
  test.each(cases)('%i %j', async (status, problem, expected) => {
    const { code, detail } = problem as { code: string; detail: string }
    const message = `the signer answered ${status} ${code}: ${detail}`
    const error = await refuse(status, problem)
    expect(error).toMatchObject({ code, message, retryAfter: undefined, ...expected })
  })

  test.each([
    [401, 'Jwt verification fails'],
    [403, 'RBAC: access denied'],
    [503, '{"code":"of_another_program"}'],
    [502, 'null'],
    [500, '<html>hunter2'],
  ])('%i %j is signer_unavailable, without the text', async (status, text) => {
    expect(await refuse(status, text)).toMatchObject({
      ...{ code: 'signer_unavailable', message: `the signer answered ${status}` },
      isPermanent: false,
    })
  })

  test('from a signer of an earlier version', async () => {
    const problem = {
      ...{ type: 'about:blank', title: 'Bad Request', status: 400, code: 'invalid_request' },
      ...{ detail: 'message: must be a string', request_id: 'example', field: 'message' },
    }
    const unknown = {
      ...{ code: 'invalid_request', isPermanent: false },
      message: 'the signer does not know webhooks, deploy version 0.2 of it or a later one',
    }
    expect(await refuse(400, problem)).toMatchObject(unknown)
    // It knows no call for many, either.
    const { signWebhook, occupy, release } = await startOccupied(({ answer }) =>
      answer(400, JSON.stringify(problem)),
    )
    await occupy(() => signWebhook('first'))
    const asked = Promise.allSettled(['a', 'b'].map((body) => signWebhook(body)))
    release()
    expect(await asked).toEqual([rejected(unknown), rejected(unknown)])
  })

  test('also if it shared a call, with the seconds of a limit', async () => {
    const limited = { status: 429, code: 'rate_limited', detail: 'a', retry_after: 7 }
    const ambiguous = { status: 400, code: 'ambiguous_body', detail: 'b', field: 'body' }
    const { signWebhook, occupy, release } = await startOccupied(({ sign, results }) => {
      const [first, ...ids] = results.map((each) => ({ request_id: each.request_id }))
      sign([
        { ...first, ...webhookOf('a') },
        { ...ids[0], problem: limited },
        { ...ids[1], problem: ambiguous },
      ])
    })
    await occupy(() => signWebhook('first'))
    const asked = ['a', 'b', 'c'].map((body) => signWebhook(body))
    release()
    expect(await Promise.allSettled(asked)).toEqual([
      { status: 'fulfilled', value: webhookOf('a').headers },
      rejected({ code: 'rate_limited', isPermanent: false, retryAfter: 7 }),
      rejected({ code: 'ambiguous_body', isPermanent: true, retryAfter: undefined }),
    ])
  })

  test('and knows each code of the signer', () => {
    const ofFrontend = /^(caller_token_unavailable|pairing_unavailable|signer_\w+)$/
    const codes = Object.keys(statusOf).filter((code) => !ofFrontend.test(code))
    expect([...refusals]).toEqual(codes)
  })
})
