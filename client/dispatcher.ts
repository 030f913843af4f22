// Sends the requests of Node's fetch, or of the package undici, to the signer. Node 20 to 24 call a dispatcher with the handler
// of undici 6, and Node 26 with that of undici 8. undici 7 has both.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { SendCollected } from './collecting.ts'
import type { Answer } from './http-client.ts'
import { SignerError } from './signer-error.ts'

/** The type of fetch's option `dispatcher`, whichever version of Node's types the application has. */
export type Dispatcher = RequestInit extends { dispatcher?: infer D } ? NonNullable<D> : object

type DispatchOptions = {
  origin?: string | URL
  path: string
  method: string
  headers?: unknown
  body?: unknown
}
type Abort = (reason: unknown) => void
type HandlerOf6 = {
  onConnect: (abort: Abort) => void
  onHeaders: (status: number, headers: Buffer[], resume: () => void, text: string) => unknown
  onData: (chunk: Buffer) => unknown
  onComplete: (trailers: string[]) => void
  onError: (error: unknown) => void
}
type Controller = { abort: Abort; pause: () => void; resume: () => void; rawHeaders: Buffer[] }
type HandlerOf8 = {
  onRequestStart: (controller: Controller, context: object) => void
  onResponseStart: (c: Controller, status: number, h: IncomingHttpHeaders, text: string) => void
  onResponseData: (controller: Controller, chunk: Buffer) => void
  onResponseEnd: (controller: Controller, trailers: object) => void
  onResponseError: (controller: Controller, error: unknown) => void
}
/** The headers that belong to a connection, and not to the request. */
const ofConnection = ['connection', 'content-length', 'expect', 'host', 'transfer-encoding']

/** What both handlers have in common. */
type Receiver = {
  start: (abort: Abort) => void
  answer: (answer: Answer) => void
  fail: (error: unknown) => void
}

/** Makes the dispatcher. It refuses requests to other origins than these, because they would get the credentials. */
export function createDispatcher(send: SendCollected, origins: readonly string[]): Dispatcher {
  function dispatch(options: DispatchOptions, handler: HandlerOf6 | HandlerOf8): boolean {
    const receiver = 'onRequestStart' in handler ? receiveBy8(handler) : receiveBy6(handler)
    let isOver = false
    const fail: Abort = (error) => {
      if (!isOver) receiver.fail(error)
      isOver = true
    }
    // After an abort a request that is on its way goes on until its deadline, and nobody receives its answer.
    receiver.start(fail)
    if (isOver) return true
    prepare(options, origins)
      .then((request) => send(request, () => isOver))
      .then((answer) => {
        if (isOver) return
        receiver.answer(answer)
        isOver = true
      })
      .catch(fail)
    return true
  }
  const end = async () => {}
  return { dispatch, close: end, destroy: end } as object as Dispatcher
}

async function prepare(
  { origin, path, method, headers, body }: DispatchOptions,
  origins: readonly string[],
) {
  if (!origins.includes(String(origin))) {
    const what = `the signer is not at ${origin}: set SIGNER_URL, or fetch without this dispatcher`
    throw new SignerError('request_invalid', what)
  }
  return { method, path, headers: readHeaders(headers), body: await readBody(body) }
}

/** Reads an object, a list of pairs, or a list of names and values in turn. */
function readHeaders(headers: unknown): OutgoingHttpHeaders {
  const isList = Symbol.iterator in Object(headers)
  const list: unknown[] = isList ? [...(headers as [])] : Object.entries(headers ?? {})
  const pairs =
    typeof list[0] === 'string'
      ? list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1]]] : []))
      : list
  const named = (pairs as [string, string][]).map(([name, value]) => [name.toLowerCase(), value])
  return Object.fromEntries(named.filter(([name = '']) => !ofConnection.includes(name)))
}

async function readBody(body: unknown): Promise<Buffer> {
  const parts = typeof body === 'string' || body instanceof Uint8Array ? [body] : (body ?? [])
  const chunks: Buffer[] = []
  for await (const part of parts as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(part))
  return Buffer.concat(chunks)
}

const toBytes = ({ rawHeaders }: Answer) => rawHeaders.map((text) => Buffer.from(text, 'latin1'))

function receiveBy6(handler: HandlerOf6): Receiver {
  return {
    start: (abort) => handler.onConnect(abort),
    answer: (answer) => {
      handler.onHeaders(answer.status, toBytes(answer), () => {}, answer.statusText)
      if (answer.body.length > 0) handler.onData(answer.body)
      handler.onComplete([])
    },
    fail: (error) => handler.onError(error),
  }
}

function receiveBy8(handler: HandlerOf8): Receiver {
  const controller: Controller = {
    abort: () => {},
    pause: () => {},
    resume: () => {},
    rawHeaders: [],
  }
  return {
    start: (abort) => {
      controller.abort = abort
      handler.onRequestStart(controller, {})
    },
    answer: (answer) => {
      controller.rawHeaders = toBytes(answer)
      handler.onResponseStart(controller, answer.status, answer.headers, answer.statusText)
      if (answer.body.length > 0) handler.onResponseData(controller, answer.body)
      handler.onResponseEnd(controller, {})
    },
    fail: (error) => handler.onResponseError(controller, error),
  }
}
