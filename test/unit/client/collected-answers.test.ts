// With the signer's own app: an answer looks the same, whether its message went alone or with others.
import { createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Answer } from '../../../client/http-client.ts'
import { createSignerClient } from '../../../client/index.ts'
import { createHttpServer } from '../../../runtime/http/http-server.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makeVolume } from '../../support/folder.ts'
import { listenOnLoopback } from '../../support/services/http.ts'
import { makeLimitedSignerApp } from '../../support/services/limited-signer-app.ts'
import { makeSignerApp } from '../../support/services/signer-app.ts'

const requests: Record<string, object> = {
  text: { message: 'Grüße "\\\n😀' },
  bytes: { message: 'YQ==', encoding: 'base64' },
  'another key': { message: 'a', key_id: 'old' },
  'an unknown key': { message: 'a', key_id: 'none' },
  'bytes that are no base64': { message: '%', encoding: 'base64' },
  'an unknown encoding': { message: 'a', encoding: 'latin1' },
  'a lone surrogate': { message: '\ud800' },
}
const webhooks: Record<string, object> = {
  text: { body: '{"text":"Grüße "\\\n😀"}', id: 'msg_1' },
  bytes: { body: '/wA=', encoding: 'base64', id: 'msg_1' },
  'a consumer': { body: 'a', id: 'msg_2', consumer: 'acme', consumer_versions: [2, 1] },
  'one key': { body: 'a', id: 'msg_2', key_id: 'webhook-1' },
  'a body that is ambiguous': { body: 'a.9000000000.b' },
  'an id with a dot': { body: 'a', id: 'msg.1' },
  'versions without a consumer': { body: 'a', consumer_versions: [1] },
  'the key of raw messages': { body: 'a', key_id: 'key-1' },
  'a key of webhooks for a raw message': { message: 'a', key_id: 'webhook-1' },
}
/** Makes an app with keys of both forms. */
function makeAppForWebhooks() {
  const make = (id: string) => ({ id, material: createSecretKey(randomBytes(32)) })
  return makeSignerApp({ raw: [make('key-1')], webhook: [make('webhook-2'), make('webhook-1')] })
}

/** Starts an app of the signer. `paths` lists what it was asked. */
async function startClient(app = makeSignerApp()) {
  const paths: unknown[] = []
  const server = createHttpServer(app, () => false)
  server.on('request', ({ url }) => paths.push(url))
  cleanUp(() => server.closeAllConnections())
  const port = await listenOnLoopback(server)
  const volume = await makeVolume({ secret: Buffer.alloc(32, 1) })
  const environment = {
    SIGNER_URL: `http://127.0.0.1:${port}/sign`,
    CALLER_TOKEN_FILE: 'none',
    PAIRING_SECRET_FILE: `${volume}/secret`,
  }
  const send = createSignerClient({ environment, timeoutMs: 5_000 })
  const ask = async (value: object, id: string) => {
    const headers = { 'content-type': 'application/json', 'x-request-id': id }
    const body = Buffer.from(JSON.stringify(value))
    return describe(await send({ method: 'POST', headers, body }))
  }
  const askInTurn = async (values: object[]) => {
    const answers = []
    for (const [index, each] of values.entries()) answers.push(await ask(each, `id-${index}`))
    return answers
  }
  const askTogether = (values: object[]) =>
    Promise.all(values.map((each, index) => ask(each, `id-${index}`)))
  return { paths, askInTurn, askTogether }
}

test('an answer from a call for many has the status, headers and body of one for itself', async () => {
  const { paths, askInTurn, askTogether } = await startClient()
  const alone = await askInTurn(Object.values(requests))
  expect(alone.map(({ status }) => status)).toEqual([200, 200, 200, 400, 400, 400, 400])
  expect(await askTogether(Object.values(requests))).toEqual(alone)
  // The first of them finds nothing on its way.
  expect(paths).toEqual([...alone.map(() => '/sign'), '/sign', '/sign/batch'])
})

test('and so has one about a limit: each has a Retry-After of its own', async () => {
  const { app } = makeLimitedSignerApp({ perDay: 3 })
  const { paths, askInTurn, askTogether } = await startClient(app)
  const messages = ['a', 'b', 'c', 'd', 'e'].map((message) => ({ message, key_id: 'old' }))
  const [first, ...others] = await askTogether(messages)
  expect([first, ...others].map((each) => each?.status)).toEqual([200, 200, 200, 429, 429])
  expect(paths).toEqual(['/sign', '/sign/batch'])
  const seconds = String(12 * 60 * 60)
  expect(others.map(({ headers }) => headers['retry-after'])).toEqual([
    ...[undefined, undefined, seconds, seconds],
  ])
  const alone = await askInTurn([{ message: 'd', key_id: 'old' }])
  const { headers, body } = others[2] ?? {}
  expect(alone).toMatchObject([{ headers: { ...headers, 'x-request-id': 'id-0' } }])
  expect(JSON.parse(alone[0]?.body ?? '')).toEqual({
    ...JSON.parse(body ?? ''),
    request_id: 'id-0',
  })
})

test('and so has one about a webhook', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const { paths, askInTurn, askTogether } = await startClient(makeAppForWebhooks())
  const values = Object.values(webhooks)
  const alone = await askInTurn(values)
  const statuses = [200, 200, 200, 200, 400, 400, 400, 400, 400]
  expect(alone.map(({ status }) => status)).toEqual(statuses)
  expect(alone.map(({ body }) => JSON.parse(body).key_ids?.length)).toEqual([
    ...[2, 2, 2, 1],
    ...[undefined, undefined, undefined, undefined, undefined],
  ])
  expect(await askTogether(values)).toEqual(alone)
  expect(paths).toEqual([...alone.map(() => '/sign'), '/sign', '/sign/batch'])
})

test('and so have those of any messages, encodings and keys', async () => {
  const { askInTurn, askTogether } = await startClient()
  // Any UTF-16, also lone surrogates. fc.string takes seconds to make.
  const unit = fc.integer({ min: 0, max: 0xffff })
  const message = fc.array(unit).map((units) => String.fromCharCode(...units))
  const request = fc.record(
    { message, encoding: fc.constantFrom('utf8', 'base64'), key_id: fc.constantFrom('old', 'new') },
    { requiredKeys: ['message'] },
  )
  const property = fc.asyncProperty(
    fc.array(request, { size: 'max', maxLength: 20 }),
    async (values) => {
      expect(await askTogether(values)).toEqual(await askInTurn(values))
    },
  )
  await fc.assert(property, { numRuns: 20 })
})

function describe({ status, statusText, headers, rawHeaders, body }: Answer) {
  const { date: _, ...others } = headers
  const names = rawHeaders.filter((__, at) => at % 2 === 0).map((name) => name.toLowerCase())
  return { status, statusText, headers: others, names: names.toSorted(), body: body.toString() }
}
