// Which requests of an application share a call, and that their answers look like those to requests of their own.
import { describe, expect, test } from 'vitest'
import type { SignerRequest } from '../../../client/index.ts'
import { endPause, turns } from '../../support/services/collector.ts'
import { signatureOf, webhookOf } from '../../support/services/fake-signer.ts'
import { startOccupied } from '../../support/services/occupied-client.ts'

const usual = 'http://localhost:8081/sign'
const headers = { 'content-type': 'application/json' }
const post = (body: string | Buffer, more: Partial<SignerRequest> = {}): SignerRequest => {
  return { method: 'POST', headers, body: Buffer.from(body), ...more }
}

const plain = '{"message":"a"}'
const alone: Record<string, SignerRequest> = {
  'with spaces': post('{"message": "a"}'),
  'with an escape that needs none': post('{"message":"\\u0061"}'),
  'with a field twice': post('{"message":"a","message":"b"}'),
  'with an unknown field': post('{"message":"a","keyId":"key-1"}'),
  'with a field __proto__': post('{"message":"a","__proto__":"b"}'),
  'with a message that is a number': post('{"message":1}'),
  'with a key that is an object': post('{"message":"a","key_id":{}}'),
  'without a message': post('{"key_id":"a"}'),
  'with a message and a body': post('{"message":"a","body":"b"}'),
  'with a message and a consumer': post('{"message":"a","consumer":"b"}'),
  'with a consumer and no body': post('{"consumer":"b"}'),
  'with a body that is an object': post('{"body":{}}'),
  'with a body that is a list of numbers': post('{"body":[1]}'),
  'with versions that are text': post('{"body":"a","consumer":"b","consumer_versions":"1"}'),
  'with a webhook id that is a number': post('{"body":"a","id":1}'),
  'with a version that is no list': post('{"body":"a","consumer":"b","consumer_versions":1}'),
  'with a version that is text': post('{"body":"a","consumer":"b","consumer_versions":["1"]}'),
  'with a version as 1.0': post('{"body":"a","consumer":"b","consumer_versions":[1.0]}'),
  'with a body and an unknown field': post('{"body":"a","consumerVersions":[1]}'),
  'with the id of a call': post('{"message":"a","request_id":"b"}'),
  'with a list': post('[]'),
  'with null': post('null'),
  'with half of the JSON': post('{"message":"a"'),
  'with more than its JSON': post('{"message":"a"},{"request_id":"b","message":"c"}'),
  'with a byte order mark': post('\uFEFF{"message":"a"}'),
  'with invalid UTF-8': post(Buffer.from('7b226d657373616765223a22ff227d', 'hex')),
  'without a body': post(''),
  'of 17 KiB': post(JSON.stringify({ message: 'a'.repeat(17_000) })),
  'of another type': post(plain, { headers: { 'content-type': 'text/plain' } }),
  'without a type': post(plain, { headers: {} }),
  'that is compressed': post(plain, { headers: { ...headers, 'content-encoding': 'gzip' } }),
  'with a request id with a quote': post(plain, { headers: { ...headers, 'x-request-id': 'a"b' } }),
  'with a long request id': post(plain, {
    headers: { ...headers, 'x-request-id': 'a'.repeat(65) },
  }),
  'to another path': post(plain, { path: '/verify' }),
  'to a path with a query': post(plain, { path: '/sign?a' }),
  'that is no POST': post(plain, { method: 'PUT' }),
}

describe('a request goes as it is, also while others wait', () => {
  test.each(Object.entries(alone))('%s', async (_, request) => {
    const { send, occupy, others } = await startOccupied(({ answer }) => answer(200, 'as it is'))
    await occupy(() => send(post(plain)))
    const answer = await send(request)
    expect(answer.body.toString()).toBe('as it is')
    const sent = others().map((call) => [call.path, call.body, call.headers['content-type']])
    const { path = '/sign', body, headers: given } = request
    expect(sent).toEqual([[path, body.toString(), given?.['content-type']]])
  })
})

describe('requests that wait share a call', () => {
  test('with their fields, ids and trace ids', async () => {
    const { send, occupy, release, others } = await startOccupied()
    await occupy(() => send(post(plain)))
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const named = { 'x-request-id': 'id-1', traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
    const asked = [
      send(post(plain, { headers: { ...headers, ...named } })),
      send(post('{"message":"YQ==","encoding":"base64","key_id":"old"}')),
      send(post('{"message":"c"}', { headers: { ...headers, traceparent: '00-0-0-0' } })),
    ]
    release()
    const answers = await Promise.all(asked)
    expect(answers.map(({ body }) => JSON.parse(body.toString()))).toEqual(
      ['a', 'YQ==', 'c'].map(signatureOf),
    )
    const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
    expect(others().map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
      [
        '/sign/batch',
        {
          items: [
            { request_id: 'id-1', trace_id: traceId, message: 'a' },
            { request_id: uuid, message: 'YQ==', encoding: 'base64', key_id: 'old' },
            { request_id: uuid, message: 'c' },
          ],
        },
      ],
    ])
  })

  test('raw messages and webhooks together, and each gets an answer of its form', async () => {
    const { send, occupy, release, others } = await startOccupied()
    await occupy(() => send(post(plain)))
    const texts = [
      plain,
      '{"body":"b","id":"msg_1","consumer":"acme","consumer_versions":[2,1],"key_id":"webhook-1"}',
      '{"body":"Yw==","encoding":"base64"}',
    ]
    const asked = texts.map((text) => send(post(text)))
    release()
    const answers = (await Promise.all(asked)).map(({ status, body }) => {
      return [status, JSON.parse(body.toString())]
    })
    expect(answers).toEqual([
      [200, signatureOf('a')],
      [200, webhookOf('b', 'msg_1')],
      [200, webhookOf('Yw==')],
    ])
    const sent = others().map(({ path, body }) => [path, JSON.parse(body).items])
    const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
    const items = texts.map((text) => ({ request_id: uuid, ...JSON.parse(text) }))
    expect(sent).toEqual([['/sign/batch', items]])
  })

  test('of fetch, and each answer looks like the answer to a request of its own', async () => {
    const problem = { title: 'Bad Request', status: 400, code: 'invalid_request' }
    const { dispatcher, occupy, release, others } = await startOccupied(
      ({ path, sign, results }) =>
        path === '/sign' ? sign() : sign([results[0], { request_id: 'id-b', problem }]),
    )
    const ask = async (message: string) => {
      const init = { headers: { ...headers, 'x-request-id': `id-${message}` }, dispatcher }
      const body = JSON.stringify({ message })
      const response = await fetch(usual, { method: 'POST', body, ...init })
      const { status, statusText } = response
      const sent = Object.fromEntries(response.headers)
      return { status, statusText, headers: sent, text: await response.text() }
    }
    await occupy(() => ask('x'))
    const asked = [ask('a'), ask('b')]
    // fetch takes several turns until it calls the dispatcher.
    await turns()
    release()
    const [first, second] = await Promise.all(asked)
    const [call] = others()
    expect(call?.path).toBe('/sign/batch')
    const text = JSON.stringify(signatureOf('a'))
    const length = String(text.length)
    endPause()
    const own = await ask('a')
    expect(first).toEqual({
      ...own,
      headers: { ...own.headers, 'x-request-id': 'id-a', 'content-length': length },
    })
    expect(first?.text).toBe(text)
    expect(second).toMatchObject({
      ...{ status: 400, statusText: 'Bad Request', text: JSON.stringify(problem) },
      headers: { 'content-type': 'application/problem+json', 'x-request-id': 'id-b' },
    })
  })

  test('of fetch, but not those that the application has aborted', async () => {
    const { dispatcher, occupy, release, others } = await startOccupied()
    const ask = (message: string, signal?: AbortSignal) =>
      fetch(usual, {
        ...{ method: 'POST', headers, body: JSON.stringify({ message }), dispatcher },
        ...(signal && { signal }),
      })
    await occupy(() => ask('x'))
    const aborting = new AbortController()
    const aborted = ask('a', aborting.signal)
    const asked = ['b', 'c'].map((message) => ask(message))
    // fetch takes several turns until it calls the dispatcher.
    await turns()
    aborting.abort()
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    release()
    expect(await Promise.all(asked.map(async (each) => (await each).status))).toEqual([200, 200])
    expect(others().map(({ messages }) => messages)).toEqual([['b', 'c']])
  })
})
