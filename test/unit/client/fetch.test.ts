// The plug-in of fetch, with the fetch of this Node and with the handlers of undici. No error shows a token or a secret.
import { randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createSignerClient, type SignerError, signer } from '../../../client/index.ts'
import { makeFolder, makeVolume } from '../../support/folder.ts'
import { makeFreshToken } from '../../support/services/caller-token.ts'
import { serve, serveOverSocket } from '../../support/services/http.ts'

const usual = 'http://localhost:8081/sign'
const token = makeFreshToken()
const secret = randomBytes(32)

type Seen = { line: string; headers: IncomingHttpHeaders; body: string }

/** A signer that records its requests and gives them to `answer`, whose default answers 200 with JSON. */
function record(answer: RequestListener = (_, outgoing) => outgoing.end('{"ok":true}')) {
  const seen: Seen[] = []
  const listener: RequestListener = async (incoming, outgoing) => {
    const body = await text(incoming)
    seen.push({ line: `${incoming.method} ${incoming.url}`, headers: incoming.headers, body })
    answer(incoming, outgoing)
  }
  return { seen, listener }
}

/** Writes token and secret to files, and names them as the settings do. */
async function makeFiles() {
  const file = join(await makeFolder(), 'secret')
  await writeFile(file, secret)
  const folder = await makeVolume({ token })
  return { CALLER_TOKEN_FILE: join(folder, 'token'), PAIRING_SECRET_FILE: file }
}

async function makePlugIn(answer?: RequestListener, timeoutMs = 5_000) {
  const { seen, listener } = record(answer)
  const files = await makeFiles()
  const url = (await serve(listener)).href
  const environment = { SIGNER_URL: url, ...files }
  return { dispatcher: signer({ environment, timeoutMs }), environment, url, seen }
}

/** Returns the SignerError behind the rejection of a fetch, after a look for credentials in it. */
async function causeOf(fetched: Promise<Response>): Promise<SignerError> {
  const error = await fetched.then(
    () => new Error('the fetch did not fail'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(TypeError)
  const shown = inspect(error, { depth: 20, showHidden: true })
  for (const hidden of [token, secret.toString('hex'), secret.toString('base64')]) {
    expect(shown).not.toContain(hidden)
  }
  return (error as TypeError).cause as SignerError
}

describe('a fetch with the dispatcher', () => {
  test('reaches the signer with the credentials, and returns its answer', async () => {
    const { dispatcher, seen } = await makePlugIn((_, outgoing) =>
      outgoing.writeHead(201, 'Made', { 'x-a': ['1', '2'] }).end('grün'),
    )
    const headers = { 'Content-Type': 'application/json', 'x-request-id': 'id-1' }
    const init = { method: 'POST', headers, body: '{"message":"Ä"}' }
    const response = await fetch(usual, { ...init, dispatcher })
    expect([response.status, response.statusText, response.headers.get('x-a')]).toEqual([
      ...[201, 'Made', '1, 2'],
    ])
    expect(await response.text()).toBe('grün')
    const [{ line, body, headers: sent } = { headers: {} }] = seen
    expect([line, body]).toEqual(['POST /sign', '{"message":"Ä"}'])
    expect(sent).toMatchObject({
      'content-type': 'application/json',
      'x-request-id': 'id-1',
      'x-json-case': 'snake',
      'caller-token': token,
      'content-digest': expect.stringMatching(/^sha-256=:/),
      'signature-input': expect.stringMatching(/^sig1=/),
      signature: expect.stringMatching(/^sig1=:/),
      'content-length': '16',
    })
    expect(sent['transfer-encoding']).toBeUndefined()
  })

  test('sends a body that arrives in parts, and a request without a body', async () => {
    const { dispatcher, url, seen } = await makePlugIn()
    const body = new ReadableStream({
      start(controller) {
        for (const part of ['{"message":', '"a"}']) controller.enqueue(Buffer.from(part))
        controller.close()
      },
    })
    await fetch(url, { method: 'POST', body, duplex: 'half', dispatcher })
    await fetch(new URL('/keys', url), { dispatcher })
    expect(seen.map(({ line, body: sent }) => [line, sent])).toEqual([
      ['POST /sign', '{"message":"a"}'],
      ['GET /keys', ''],
    ])
  })

  test('replaces credentials of the application', async () => {
    const { dispatcher, seen } = await makePlugIn()
    await fetch(usual, { headers: { 'Caller-Token': 'a', Signature: 'b' }, dispatcher })
    expect(seen[0]?.headers).toMatchObject({ 'caller-token': token })
    expect(seen[0]?.headers.signature).toMatch(/^sig1=:[\w+/]{43}=:$/)
  })

  test('goes to the socket that SIGNER_URL names', async () => {
    const { seen, listener } = record()
    const socket = await serveOverSocket(listener)
    const { PAIRING_SECRET_FILE } = await makeFiles()
    const dispatcher = signer({
      environment: {
        SIGNER_URL: `unix:${socket}:/sign`,
        CALLER_TOKEN_FILE: 'none',
        PAIRING_SECRET_FILE,
      },
    })
    const response = await fetch(usual, { method: 'POST', body: '{}', dispatcher })
    expect(await response.json()).toEqual({ ok: true })
    expect(seen[0]?.headers).not.toHaveProperty('caller-token')
    expect(seen[0]?.headers).toHaveProperty('signature')
  })

  test('ends with AbortError when the application aborts it', async () => {
    const { dispatcher, seen } = await makePlugIn(() => {}, 200)
    const aborting = new AbortController()
    const fetched = fetch(usual, { dispatcher, signal: aborting.signal })
    await expect.poll(() => seen.length).toBe(1)
    aborting.abort()
    await expect(fetched).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('is sent once more', () => {
  test('with the secret of a signer that has restarted', async () => {
    const { dispatcher, environment, seen } = await makePlugIn(async (_, outgoing) => {
      outgoing.writeHead(seen.length === 2 ? 403 : 200).end()
    })
    await fetch(usual, { dispatcher })
    const file = environment.PAIRING_SECRET_FILE
    await writeFile(`${file}.new`, randomBytes(32))
    await rename(`${file}.new`, file)
    expect((await fetch(usual, { dispatcher })).status).toBe(200)
    expect(seen).toHaveLength(3)
    expect(seen[1]?.headers['content-digest']).toBe(seen[2]?.headers['content-digest'])
    expect(seen[1]?.headers.signature).not.toBe(seen[2]?.headers.signature)
  })

  test.each([401, 403, 503])(
    'but not after %i with the credentials that it has',
    async (status) => {
      const { dispatcher, seen } = await makePlugIn((_, outgoing) =>
        outgoing.writeHead(status).end(),
      )
      expect((await fetch(usual, { dispatcher })).status).toBe(status)
      expect(seen).toHaveLength(1)
    },
  )
})

describe('is refused with the cause', () => {
  test('signer_timeout at its deadline', async () => {
    const { dispatcher } = await makePlugIn(() => {}, 50)
    expect(await causeOf(fetch(usual, { dispatcher }))).toMatchObject({ code: 'signer_timeout' })
  })

  test.each([
    ['CALLER_TOKEN_FILE', 'caller_token_unavailable'],
    ['PAIRING_SECRET_FILE', 'pairing_unavailable'],
  ])('%s is missing: %s, and nothing is sent', async (name, code) => {
    const { environment, seen } = await makePlugIn()
    const dispatcher = signer({ environment: { ...environment, [name]: '/nowhere/file' } })
    expect(await causeOf(fetch(usual, { dispatcher }))).toMatchObject({ code })
    expect(seen).toEqual([])
  })

  test('signer_unavailable if nothing listens', async () => {
    const environment = { ...(await makeFiles()), SIGNER_URL: 'http://127.0.0.1:1/sign' }
    const error = await causeOf(fetch(usual, { dispatcher: signer({ environment }) }))
    expect(error).toMatchObject({
      code: 'signer_unavailable',
      message: 'the signer cannot be reached (ECONNREFUSED)',
    })
  })

  test('request_invalid to any other address, which gets no credentials', async () => {
    const { dispatcher } = await makePlugIn()
    const other = record()
    const url = await serve(other.listener)
    const error = await causeOf(fetch(url, { dispatcher }))
    expect(error).toMatchObject({
      code: 'request_invalid',
      message: `the signer is not at ${url.origin}: set SIGNER_URL, or fetch without this dispatcher`,
    })
    expect(other.seen).toEqual([])
  })

  test('request_invalid when a redirect leads to another address', async () => {
    const other = record()
    const location = (await serve(other.listener)).href
    const { dispatcher } = await makePlugIn((_, outgoing) =>
      outgoing.writeHead(302, { location }).end(),
    )
    expect((await causeOf(fetch(usual, { dispatcher }))).code).toBe('request_invalid')
    expect(other.seen).toEqual([])
  })
})

test('invalid settings are an error when the plug-in is made', () => {
  const environment = { SIGNER_URL: 'https://localhost:8081/sign' }
  const refused = expect.objectContaining({ code: 'settings_invalid' })
  expect(() => signer({ environment })).toThrow(refused)
  expect(() => createSignerClient({ environment })).toThrow(refused)
})

test('without fetch, the client posts to the path of SIGNER_URL', async () => {
  const { environment, seen } = await makePlugIn()
  const send = createSignerClient({ environment })
  const { status, body } = await send({ method: 'POST', body: Buffer.from('{}') })
  expect([status, body.toString(), seen[0]?.line]).toEqual([200, '{"ok":true}', 'POST /sign'])
})

describe('undici', () => {
  type Dispatch = { dispatch: (options: object, handler: object) => boolean }

  /** Dispatches with the handler of undici 8, which records its calls. */
  async function dispatchBy8(dispatcher: unknown, options: object) {
    const calls: unknown[] = []
    await new Promise<void>((done) => {
      const handler = {
        onRequestStart: () => calls.push('start'),
        onResponseStart: (
          { rawHeaders }: { rawHeaders: Buffer[] },
          status: number,
          headers: object,
          statusText: string,
        ) => calls.push([status, statusText, headers, rawHeaders.map(String)]),
        onResponseData: (_: object, chunk: Buffer) => calls.push(String(chunk)),
        onResponseEnd: () => done(void calls.push('end')),
        onResponseError: (_: object, error: SignerError) => done(void calls.push(error.code)),
      }
      ;(dispatcher as Dispatch).dispatch({ method: 'POST', path: '/sign', ...options }, handler)
    })
    return calls
  }

  test('8 receives the answer, or the error', async () => {
    const { dispatcher, url } = await makePlugIn((_, outgoing) => {
      outgoing.sendDate = false
      outgoing.writeHead(200, { 'X-A': '1', connection: 'close', 'content-length': 4 }).end('done')
    })
    expect(await dispatchBy8(dispatcher, { origin: new URL(url).origin, body: 'a' })).toEqual([
      'start',
      [
        ...[200, 'OK', { 'x-a': '1', connection: 'close', 'content-length': '4' }],
        ['X-A', '1', 'connection', 'close', 'content-length', '4'],
      ],
      'done',
      'end',
    ])
    expect(await dispatchBy8(dispatcher, { origin: 'http://a' })).toEqual([
      ...['start', 'request_invalid'],
    ])
  })

  test('6 receives one error if it aborts, and not the answer that follows', async () => {
    const answers: (() => void)[] = []
    const { dispatcher, url } = await makePlugIn((_, outgoing) => {
      answers.push(() => outgoing.end())
    })
    const calls: string[] = []
    let abort = (_: Error) => {}
    const handler = {
      onConnect: (given: typeof abort) => {
        abort = given
      },
      onHeaders: () => calls.push('headers'),
      onComplete: () => calls.push('complete'),
      onError: (error: Error) => calls.push(error.message),
    }
    const options = { origin: new URL(url).origin, method: 'GET', path: '/keys' }
    ;(dispatcher as unknown as Dispatch).dispatch(options, handler)
    await expect.poll(() => answers.length).toBe(1)
    for (const reason of ['first', 'second']) abort(new Error(reason))
    answers[0]?.()
    // When this request has its answer, the first answer has arrived.
    const next = fetch(url, { dispatcher })
    await expect.poll(() => answers.length).toBe(2)
    answers[1]?.()
    await next
    expect(calls).toEqual(['first'])
  })

  test.each([
    ['an object', { 'X-A': '1', 'X-B': ['2', '3'], Host: 'x', 'Content-Length': '9' }],
    ['names and values in turn', ['X-A', '1', 'X-B', '2, 3', 'Host', 'x', 'Content-Length', '9']],
    [
      'pairs',
      new Map([
        ['X-A', '1'],
        ['X-B', '2, 3'],
        ['Transfer-Encoding', 'chunked'],
      ]),
    ],
    ['no headers', null],
  ])('gives headers as %s, without those of the connection', async (how, headers) => {
    const { dispatcher, url, seen } = await makePlugIn()
    const { origin, host } = new URL(url)
    await dispatchBy8(dispatcher, { origin, headers, body: Buffer.from('four') })
    const wanted = how === 'no headers' ? {} : { 'x-a': '1', 'x-b': '2, 3' }
    expect(seen[0]?.headers).toMatchObject({ ...wanted, host, 'content-length': '4' })
  })
})
