// Stands for the signer at its socket. It signs each message or webhook with its own key, alone or in a call for many. A test
// decides when and how it answers.
import { createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { parseSignerUrl, type SignerTarget } from '../../../client/settings.ts'
import { serveOverSocket } from './http.ts'

type Asked = { message?: unknown; body?: unknown; id?: string }
type Item = Asked & { request_id: string }
export type Result = Record<string, unknown>
export type FakeCall = {
  path: string | undefined
  headers: IncomingHttpHeaders
  body: string
  /** The message or body of a request of its own, or those of the call. */
  messages: string[]
  /** The correct results, in order. Of a request of its own it is the one answer. */
  results: Result[]
  /** Answers with `results`, or with these. */
  sign: (results?: unknown[]) => void
  answer: (status: number, body: string) => void
  /** Closes the connection during the answer. */
  breakOff: () => void
  /** Becomes true when the caller closes the connection. */
  isClosed: () => boolean
}

/** Returns the correct signature. */
export const macOf = (message: string): string =>
  createHmac('sha256', 'a key of the test').update(message).digest('hex')

export const signatureOf = (message: string) => ({
  signature: macOf(message),
  key_id: 'key-1',
  algorithm: 'HMAC-SHA256',
})

/** Returns the correct headers and keys of a webhook. */
export const webhookOf = (body: string, id = `msg_${macOf(body).slice(0, 22)}`) => {
  const timestamp = '1764445000'
  const signature = Buffer.from(macOf(`${id}.${timestamp}.${body}`), 'hex').toString('base64')
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
  return { headers, key_ids: ['webhook-1'] }
}

const answerTo = ({ message, body, id }: Asked): Result =>
  body === undefined ? signatureOf(String(message)) : webhookOf(String(body), id)

/** Starts it. `serve` answers each call. By default each is signed. */
export async function startFakeSigner(serve: (call: FakeCall) => void = (call) => call.sign()) {
  const calls: FakeCall[] = []
  const socket = await serveOverSocket(async (incoming, outgoing) => {
    const body = (await buffer(incoming)).toString()
    const { items, ...single } = parse(body)
    const answer = (status: number, sent: string) => {
      const type = status === 200 ? 'application/json' : 'application/problem+json'
      const headers = { 'content-type': type, 'content-length': Buffer.byteLength(sent) }
      // The time differs from answer to answer.
      outgoing.sendDate = false
      outgoing.writeHead(status, { ...headers, 'x-request-id': 'of-the-call' }).end(sent)
    }
    const asked = items ?? [single]
    const messages = asked.map((each) => String(each.message ?? each.body))
    const results = asked.map((each) => {
      return { ...('request_id' in each && { request_id: each.request_id }), ...answerTo(each) }
    })
    const call: FakeCall = {
      ...{ path: incoming.url, headers: incoming.headers, body, messages, results, answer },
      breakOff: () => {
        outgoing.writeHead(200, { 'content-length': 500 })
        outgoing.write('{"results":', () => incoming.socket.destroy())
      },
      isClosed: () => incoming.socket.destroyed,
      sign: (given = results) => answer(200, JSON.stringify(items ? { results: given } : given[0])),
    }
    calls.push(call)
    serve(call)
  })
  const url = `unix:${socket}:/sign`
  return { url, target: parseSignerUrl(url) as SignerTarget, calls }
}

/** A body that is no JSON has no message. */
function parse(body: string): Asked & { items?: Item[] } {
  try {
    return Object(JSON.parse(body))
  } catch {
    return {}
  }
}
