// Sends fuzzed requests with the tokens and the pairing secret of a caller.
import type { KeyObject } from 'node:crypto'
import { type Origin, probeFrom } from '../../../tools/verify/attack/containers.ts'
import type { Place } from '../../../tools/verify/attack/probe.ts'
import { readStatus, signParts, tokenHeader } from '../../../tools/verify/attack/requests.ts'
import type { FuzzedRequest } from './fuzz.ts'
import type { H2Request } from './h2-probe.ts'
import { sendH2From, toH2Request } from './send.ts'

export type Possessions = { tokens: readonly string[]; pairing?: KeyObject }
type Answer = { status?: number | undefined; body: string }
export type FuzzAnswer = Answer & { request: FuzzedRequest }

/** Requests of one call. A call takes at least as long as a request without an answer. */
const CHUNK = 800

/** Sends the requests over HTTP/1 and over HTTP/2 at the same time. */
export async function sendFuzzed(
  origin: Origin,
  place: Place,
  requests: readonly FuzzedRequest[],
  has: Possessions,
): Promise<FuzzAnswer[]> {
  const { h1 = [], h2 = [] } = Object.groupBy(requests, ({ protocol }) =>
    protocol === 'HTTP/2' ? 'h2' : 'h1',
  )
  const answers = await Promise.all([
    sendInChunks(h1, async (chunk) => {
      const probes = chunk.map((each) => ({ ...place, bytes: writeH1(each, has) }))
      return (await probeFrom(origin, probes)).map(({ received }) => readAnswer(received))
    }),
    sendInChunks(h2, (chunk) => {
      const written = chunk.map((each) => writeH2(each, has))
      return sendH2From(origin, place, written)
    }),
  ])
  return answers.flat()
}

async function sendInChunks(
  requests: readonly FuzzedRequest[],
  send: (chunk: readonly FuzzedRequest[]) => Promise<Answer[]>,
): Promise<FuzzAnswer[]> {
  const answers: FuzzAnswer[] = []
  for (let start = 0; start < requests.length; start += CHUNK) {
    const chunk = requests.slice(start, start + CHUNK)
    for (const [index, answer] of (await send(chunk)).entries()) {
      answers.push({ ...answer, request: chunk[index] as FuzzedRequest })
    }
  }
  return answers
}

/** Reads the final answer, which may follow a "100 Continue" (RFC 9110 section 15.2.1). */
function readAnswer(received: string): Answer {
  const status = readStatus(received)
  const rest = received.slice(received.indexOf('\r\n\r\n') + 4)
  return status === 100 && rest !== '' ? readAnswer(rest) : { status, body: rest }
}

/** The headers with the token and the pairing signature. */
function showIdentity(request: FuzzedRequest, { tokens, pairing }: Possessions) {
  const { method, path, body, token, paired } = request
  const chosen = tokens[token]
  const headers = chosen === undefined ? {} : tokenHeader(chosen)
  if (pairing === undefined || paired === 'not') return headers
  const over = paired === 'as sent' ? { method, path } : { method: 'POST', path: '/sign' }
  return signParts(pairing, { ...over, body, headers }).headers ?? {}
}

function writeH2(request: FuzzedRequest, has: Possessions): H2Request {
  const { method, path, host, body } = request
  const headers = { ...Object.fromEntries(request.headers), ...showIdentity(request, has) }
  return toH2Request({ method, path, host, body, headers })
}

/** Headers may repeat, and lines may end with a bare LF. */
function writeH1(request: FuzzedRequest, has: Possessions): string {
  const { method, path, host, body, protocol, lineEnd } = request
  const own = {
    ...{ host, connection: 'close', 'content-type': 'application/json' },
    ...{ 'content-length': body.length, ...showIdentity(request, has) },
  }
  const lines = [...Object.entries(own), ...request.headers].map(([name, value]) => {
    return `${name}: ${value}`
  })
  return [`${method} ${path} ${protocol}`, ...lines, '', body].join(lineEnd)
}
