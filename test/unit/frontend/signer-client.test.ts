import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { type CallerToken, createCallerToken } from '../../../client/caller-token.ts'
import { createPairing } from '../../../client/pairing.ts'
import { parseSignerUrl, type SignerTarget } from '../../../client/settings.ts'
import { SignerError } from '../../../client/signer-error.ts'
import { createSignerClient } from '../../../frontend/signer-client.ts'
import { AppError } from '../../../runtime/errors.ts'
import { serve, serveOverSocket } from '../../support/services/http.ts'

const token = 'header.hunter2.signature'
const pairing = undefined
const at = (url: URL | string) => parseSignerUrl(String(url)) as SignerTarget
const answer = { signature: 'ab'.repeat(32), key_id: 'key-1', algorithm: 'HMAC-SHA256' }

/** Tokens in the order of sending. `refused` lists those that the client reports as refused. */
function makeTokens(...tokens: string[]) {
  const refused: string[] = []
  const callerToken: CallerToken = {
    read: () => tokens[0] ?? '',
    readNewest: () => tokens[0] ?? '',
    refuse: (used) => {
      refused.push(used)
      if (tokens.length < 2) return false
      tokens.shift()
      return true
    },
    accept: () => {},
  }
  return { callerToken, refused }
}

async function makeClient(
  listener: RequestListener,
  timeoutMs = 5_000,
  { callerToken } = makeTokens(token),
) {
  return createSignerClient({ target: at(await serve(listener)), timeoutMs, callerToken, pairing })
}

/** Returns the error of the client. */
async function failure(asked: Promise<unknown>): Promise<AppError> {
  const error = await asked.then(
    () => new Error('the call did not fail'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(AppError)
  expect((error as AppError).message).not.toMatch(/hunter2|127\.0\.0\.1/)
  return error as AppError
}

test('posts the message with token and request id, and returns the answer', async () => {
  const seen: unknown[] = []
  const ask = await makeClient(async (incoming, outgoing) => {
    const { 'caller-token': sent, 'x-request-id': id, 'content-type': type } = incoming.headers
    seen.push([incoming.method, incoming.url, sent, id, type, await json(incoming)])
    outgoing.end(JSON.stringify(answer))
  })
  expect(await ask('Ä"\n', 'id-1')).toEqual(answer)
  const headers = [token, 'id-1', 'application/json']
  expect(seen).toEqual([['POST', '/sign', ...headers, { message: 'Ä"\n' }]])
})

test('reuses its connection for the next request', async () => {
  const ports = new Set<number | undefined>()
  const ask = await makeClient((incoming, outgoing) => {
    ports.add(incoming.socket.remotePort)
    outgoing.end(JSON.stringify(answer))
  })
  for (let round = 0; round < 3; round++) await ask('a', 'id')
  expect(ports.size).toBe(1)
})

test('does not call the signer without a token', async () => {
  let calls = 0
  const url = await serve((_, outgoing) => {
    calls++
    outgoing.end(JSON.stringify(answer))
  })
  let refusal: SignerError | undefined = new SignerError('caller_token_unavailable', 'gone')
  const callerToken: CallerToken = {
    ...makeTokens().callerToken,
    read: () => {
      if (refusal !== undefined) throw refusal
      return token
    },
  }
  const ask = createSignerClient({ target: at(url), timeoutMs: 5_000, callerToken, pairing })
  expect((await failure(ask('a', 'id'))).code).toBe('caller_token_unavailable')
  expect(calls).toBe(0)
  refusal = undefined
  expect(await ask('a', 'id')).toEqual(answer)
  expect(calls).toBe(1)
})

test.each([
  ['caller_token_unavailable', { callerToken: createCallerToken('/nowhere/token') }],
  ['pairing_unavailable', { pairing: createPairing('/nowhere/secret') }],
] as const)('reports %s under the same code', async (code, credentials) => {
  const target = at('http://127.0.0.1:1/sign')
  const others = { callerToken: undefined, pairing, ...credentials }
  const ask = createSignerClient({ target, timeoutMs: 5_000, ...others })
  expect(await failure(ask('a', 'id'))).toMatchObject({
    code,
    message: expect.stringContaining('cannot be read'),
  })
})

test('rejects a message that is too long for the signer', async () => {
  const ask = await makeClient((_, outgoing) => outgoing.end(JSON.stringify(answer)))
  const frame = '{"message":""}'.length
  expect(await ask('a'.repeat(65_536 - frame), 'id')).toEqual(answer)
  expect((await failure(ask('a'.repeat(65_537 - frame), 'id'))).code).toBe('payload_too_large')
})

describe('passes on', () => {
  const makeProblem = (status: number, problem: object) => (_: unknown, outgoing: ServerResponse) =>
    outgoing.writeHead(status, { 'retry-after': '9' }).end(JSON.stringify({ status, ...problem }))

  test('that a limit is reached, and for how long', async () => {
    const ask = await makeClient(makeProblem(429, { code: 'rate_limited', retry_after: 7 }))
    expect(await failure(ask('a', 'id'))).toMatchObject({ code: 'rate_limited', retryAfter: 7 })
  })

  test('that signing is frozen', async () => {
    const ask = await makeClient(makeProblem(503, { code: 'frozen' }))
    expect(await failure(ask('a', 'id'))).toMatchObject({ code: 'frozen', retryAfter: undefined })
  })

  test.each([
    ['another problem', { code: 'overloaded', retry_after: 7 }],
    ['a limit without a time', { code: 'rate_limited' }],
    ['a limit of a part of a second', { code: 'rate_limited', retry_after: 0.5 }],
    ['a limit of text', { code: 'rate_limited', retry_after: 'hunter2' }],
  ])('nothing else: %s', async (_, problem) => {
    const ask = await makeClient(makeProblem(429, problem))
    expect(await failure(ask('a', 'id'))).toMatchObject({
      ...{ code: 'signer_unavailable', message: 'the signer answered 429' },
    })
  })
})

describe('reports that the signer is unavailable', () => {
  test.each([400, 401, 403, 404, 429, 500, 502, 503, 301])('when it answers %i', async (status) => {
    const ask = await makeClient((_, outgoing) => outgoing.writeHead(status).end('hunter2'))
    const error = await failure(ask('a', 'id'))
    expect([error.code, error.message]).toEqual([
      'signer_unavailable',
      `the signer answered ${status}`,
    ])
  })

  test.each([
    ['text that is not JSON', '<html>hunter2'],
    ['nothing', ''],
    ['a list', '[]'],
    ['an upper-case signature', JSON.stringify({ ...answer, signature: 'AB'.repeat(32) })],
    ['a short signature', JSON.stringify({ ...answer, signature: 'ab' })],
    ['another algorithm', JSON.stringify({ ...answer, algorithm: 'none' })],
    ['no key id', JSON.stringify({ ...answer, key_id: undefined })],
    ['the key id in both forms', JSON.stringify({ ...answer, keyId: 'key-1' })],
    ['17 KiB', JSON.stringify({ ...answer, filler: 'a'.repeat(17 * 1024) })],
  ])('when it answers %s', async (_, body) => {
    const ask = await makeClient((__, outgoing) => outgoing.end(body))
    expect((await failure(ask('a', 'id'))).code).toBe('signer_unavailable')
  })

  test('when nothing listens', async () => {
    const target = at('http://127.0.0.1:1/sign')
    const ask = createSignerClient({ target, timeoutMs: 5_000, ...makeTokens(token), pairing })
    const error = await failure(ask('a', 'id'))
    expect(error.code).toBe('signer_unavailable')
    expect(error.message).toContain('ECONNREFUSED')
  })

  test('when it closes a new connection without an answer, after one attempt', async () => {
    let calls = 0
    const ask = await makeClient((incoming) => {
      calls++
      incoming.socket.destroy()
    })
    expect((await failure(ask('a', 'id'))).code).toBe('signer_unavailable')
    expect(calls).toBe(1)
  })

  test('when it closes during its answer', async () => {
    const ask = await makeClient((incoming, outgoing) => {
      outgoing.writeHead(200, { 'content-length': 500 })
      outgoing.write('{"signature":', () => incoming.socket.destroy())
    })
    expect((await failure(ask('a', 'id'))).code).toBe('signer_unavailable')
  })
})

describe('reports that the signer is too slow', () => {
  test.each([
    ['to answer', () => {}],
    ['to end its answer', (outgoing: { write: (text: string) => unknown }) => outgoing.write('{')],
  ])('%s', async (_, begin) => {
    const ask = await makeClient((__, outgoing) => void begin(outgoing), 50)
    expect((await failure(ask('a', 'id'))).code).toBe('signer_timeout')
  })
})

describe('a second attempt', () => {
  /** A signer that answers the first request, and closes the kept connection during the next. */
  async function makeClosingClient(firstBytes: string) {
    const seen: IncomingMessage[] = []
    const ask = await makeClient((incoming, outgoing) => {
      seen.push(incoming)
      if (seen.length !== 2) outgoing.end(JSON.stringify(answer))
      else if (firstBytes === '') incoming.socket.resetAndDestroy()
      else incoming.socket.write(firstBytes, () => incoming.socket.destroy())
    })
    expect(await ask('a', 'id')).toEqual(answer)
    return { ask, seen }
  }

  test('follows if a kept connection was closed without a byte', async () => {
    const { ask, seen } = await makeClosingClient('')
    expect(await ask('a', 'id')).toEqual(answer)
    expect(seen).toHaveLength(3)
  })

  test('does not follow if an answer had begun', async () => {
    const { ask, seen } = await makeClosingClient('HTTP/1.1 200 OK\r\ncontent-le')
    expect((await failure(ask('a', 'id'))).code).toBe('signer_unavailable')
    expect(seen).toHaveLength(2)
  })
})

describe('after 401', () => {
  /** A proxy that refuses `bad` tokens. */
  async function makeRefusingClient(bad: readonly string[], tokens: ReturnType<typeof makeTokens>) {
    const seen: unknown[] = []
    const listener: RequestListener = (incoming, outgoing) => {
      const shown = String(incoming.headers['caller-token'])
      seen.push(shown)
      if (bad.includes(shown)) outgoing.writeHead(401).end('Jwt verification fails')
      else outgoing.end(JSON.stringify(answer))
    }
    return { ask: await makeClient(listener, 5_000, tokens), seen, tokens }
  }

  test('sends the request again with the other token', async () => {
    const { ask, seen, tokens } = await makeRefusingClient(['new'], makeTokens('new', 'old'))
    expect(await ask('a', 'id')).toEqual(answer)
    expect([seen, tokens.refused]).toEqual([['new', 'old'], ['new']])
    expect(await ask('a', 'id')).toEqual(answer)
    expect(seen).toEqual(['new', 'old', 'old'])
  })

  test('does not send it a third time', async () => {
    const all = ['a', 'b', 'c']
    const { ask, seen } = await makeRefusingClient(all, makeTokens(...all))
    expect((await failure(ask('a', 'id'))).message).toBe('the signer answered 401')
    expect(seen).toEqual(['a', 'b'])
  })

  test('does not send it again without another token', async () => {
    const { ask, seen } = await makeRefusingClient(['only'], makeTokens('only'))
    expect((await failure(ask('a', 'id'))).message).toBe('the signer answered 401')
    expect(seen).toEqual(['only'])
  })

  test('stays within the deadline', async () => {
    const client = await makeClient(
      async (incoming, outgoing) => {
        if (incoming.headers['caller-token'] === 'new') outgoing.writeHead(401).end()
      },
      200,
      makeTokens('new', 'old'),
    )
    const start = performance.now()
    expect((await failure(client('a', 'id'))).code).toBe('signer_timeout')
    expect(performance.now() - start).toBeLessThan(1_000)
  })
})

describe('over a socket', () => {
  const makeSocketClient = (socket: string) =>
    createSignerClient({
      target: at(`unix:${socket}:/sign`),
      timeoutMs: 200,
      callerToken: undefined,
      pairing,
    })

  test('posts to the path, without a token', async () => {
    const seen: unknown[] = []
    const socket = await serveOverSocket(async (incoming, outgoing) => {
      seen.push([incoming.method, incoming.url, incoming.headers['caller-token']])
      seen.push(await json(incoming))
      outgoing.end(JSON.stringify(answer))
    })
    expect(await makeSocketClient(socket)('a', 'id')).toEqual(answer)
    expect(seen).toEqual([['POST', '/sign', undefined], { message: 'a' }])
  })

  test('reports that the signer is unavailable without a socket, and does not name its path', async () => {
    const ask = makeSocketClient('/run/127.0.0.1/signer.sock')
    expect(await failure(ask('a', 'id'))).toMatchObject({
      code: 'signer_unavailable',
      message: 'the signer cannot be reached (ENOENT)',
    })
  })

  test('reports that the signer is too slow', async () => {
    const ask = makeSocketClient(await serveOverSocket(() => {}))
    expect((await failure(ask('a', 'id'))).code).toBe('signer_timeout')
  })
})
