// Nobody sends the headers of another webhook, or headers that are malformed. If one result of a call is so, the whole call fails.
import { describe, expect, test } from 'vitest'
import { endPause, failed, range } from '../../support/services/collector.ts'
import { type Result, signatureOf, webhookOf } from '../../support/services/fake-signer.ts'
import { startClients, startOccupied } from '../../support/services/occupied-client.ts'

const bodies = range(20)
const right = { ...webhookOf('m-5', 'id-5') }
const withHeaders = (changed: Result) => ({ ...right, headers: { ...right.headers, ...changed } })
const [mac] = /[\w+/]{43}=/.exec(right.headers['webhook-signature']) ?? []

/** Instead of the answer about one webhook, whose id is id-5. */
const wrong: Record<string, Result> = {
  'the signature of a raw message': signatureOf('m-5'),
  'headers and a raw signature': { ...right, ...signatureOf('m-5') },
  'no headers': { key_ids: right.key_ids },
  'headers that are null': { ...right, headers: null },
  'headers that are a list': { ...right, headers: Object.values(right.headers) },
  'the id of another webhook': webhookOf('m-5', 'id-6'),
  'an id that is a list': withHeaders({ 'webhook-id': ['id-5'] }),
  'no id': withHeaders({ 'webhook-id': undefined }),
  'no time': withHeaders({ 'webhook-timestamp': undefined }),
  'a time that is a number': withHeaders({ 'webhook-timestamp': 1_764_445_000 }),
  'a time with a dot': withHeaders({ 'webhook-timestamp': '1764445000.5' }),
  'a time before 1970': withHeaders({ 'webhook-timestamp': '-1' }),
  'an empty time': withHeaders({ 'webhook-timestamp': '' }),
  'no signature': withHeaders({ 'webhook-signature': undefined }),
  'an empty signature': withHeaders({ 'webhook-signature': '' }),
  'a signature that is a list': withHeaders({ 'webhook-signature': [`v1,${mac}`] }),
  'a signature without a version': withHeaders({ 'webhook-signature': mac }),
  'a signature of another version': withHeaders({ 'webhook-signature': `v2,${mac}` }),
  'a short signature': withHeaders({ 'webhook-signature': `v1,${mac?.slice(4)}` }),
  'a signature in base64url': withHeaders({ 'webhook-signature': `v1,-${mac?.slice(1)}` }),
  'a header after the signature': withHeaders({ 'webhook-signature': `v1,${mac}\r\na: b` }),
  'two spaces between signatures': withHeaders({ 'webhook-signature': `v1,${mac}  v1,${mac}` }),
  'a space at the end': withHeaders({ 'webhook-signature': `v1,${mac} ` }),
  'no keys': { headers: right.headers },
  'an empty list of keys': { ...right, key_ids: [] },
  'one key as text': { ...right, key_ids: 'webhook-1' },
  'a key that is a number': { ...right, key_ids: [1] },
}
/** Only if the webhook asks for no id. */
const wrongIds: Record<string, string> = {
  'an id with a dot': 'msg.1',
  'an empty id': '',
  'an id with a space': 'msg 1',
  'an id with a letter beyond ASCII': 'msg_ü',
  'an id of 129 characters': 'a'.repeat(129),
}
const unavailable = { code: 'signer_unavailable', message: 'the signer sent an invalid answer' }

describe('a whole call fails if one webhook gets', () => {
  const results = [
    ...Object.entries(wrong),
    ['headers and a problem', { ...right, problem: { status: 400 } }] as const,
    ['the result of another webhook', { ...right, request_id: 'm-6' }] as const,
  ]

  test.each(results)('%s', async (_, result) => {
    let altered = false
    const { signWebhook, occupy, release } = await startOccupied((call) => {
      if (altered) return call.sign()
      altered = true
      call.sign(call.results.with(5, { request_id: 'm-5', ...result }))
    })
    const ask = (body: string) =>
      signWebhook(body, { requestId: body, id: body.replace('m', 'id') })
    const askAll = () => Promise.allSettled(bodies.map(ask))
    await occupy(() => ask('first'))
    const asked = askAll()
    release()
    expect(await asked).toEqual(bodies.map(() => failed(unavailable.code, unavailable.message)))
    endPause()
    const values = (await askAll()).map((each) => each.status === 'fulfilled' && each.value)
    expect(values).toEqual(bodies.map((each) => webhookOf(each, each.replace('m', 'id')).headers))
  })

  test.each(Object.entries(wrongIds))('%s', async (_, id) => {
    const { signWebhook, occupy, release } = await startOccupied((call) =>
      call.sign(call.results.with(1, { ...call.results[1], ...webhookOf('b', id) })),
    )
    await occupy(() => signWebhook('first'))
    const asked = Promise.allSettled(['a', 'b', 'c'].map((each) => signWebhook(each)))
    release()
    expect(await asked).toEqual(
      ['a', 'b', 'c'].map(() => failed(unavailable.code, unavailable.message)),
    )
  })

  test.each([
    ['headers', webhookOf('a')],
    ['a signature and headers', { ...signatureOf('a'), headers: right.headers }],
  ])('%s, although it is a raw message', async (_, result) => {
    const { send, occupy, release } = await startOccupied((call) =>
      call.sign(call.results.map((each) => ({ request_id: each.request_id, ...result }))),
    )
    const headers = { 'content-type': 'application/json' }
    const ask = (message: string) =>
      send({ method: 'POST', headers, body: Buffer.from(JSON.stringify({ message })) })
    await occupy(() => ask('first'))
    const asked = Promise.allSettled(['a', 'b'].map(ask))
    release()
    expect(await asked).toEqual(['a', 'b'].map(() => failed(unavailable.code, unavailable.message)))
  })
})

describe('a webhook that goes alone fails if it gets', () => {
  test.each(Object.entries(wrong))('%s', async (_, result) => {
    const { signWebhook } = await startClients(({ sign }) => sign([result]))
    await expect(signWebhook('m-5', { id: 'id-5' })).rejects.toMatchObject(unavailable)
  })

  test.each(Object.entries(wrongIds))('%s', async (_, id) => {
    const { signWebhook } = await startClients(({ sign }) => sign([webhookOf('m-5', id)]))
    await expect(signWebhook('m-5')).rejects.toMatchObject(unavailable)
  })

  test.each(['', 'null', '[]', '"a"', '<html>hunter2'])('the text %j', async (text) => {
    const { signWebhook } = await startClients(({ answer }) => answer(200, text))
    await expect(signWebhook('m-5')).rejects.toMatchObject(unavailable)
  })
})

test('a result may have several signatures and keys, and fields of a later version', async () => {
  const several = `v1,${mac} v1,${mac} v1,${mac}`
  const later = {
    ...{ later: 1, key_ids: ['webhook-2', 'webhook-1'] },
    headers: { ...right.headers, later: '1', 'webhook-signature': several },
  }
  const { signWebhook, occupy, release, others } = await startOccupied(({ sign, results }) =>
    sign(results.map((each) => ({ ...each, ...later }))),
  )
  await occupy(() => signWebhook('first'))
  const asked = ['a', 'b'].map((each) => signWebhook(each, { id: 'id-5' }))
  release()
  const expected = { ...right.headers, 'webhook-signature': several }
  expect(await Promise.all(asked)).toEqual([expected, expected])
  expect(others().map(({ path }) => path)).toEqual(['/sign/batch'])
})
