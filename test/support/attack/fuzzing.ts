// Sends fuzzed requests, with the tokens and the pairing secret that their sender has.

import type { KeyObject } from 'node:crypto'
import { type Origin, probeFrom } from '../../../tools/verify/attack/containers.ts'
import type { Place } from '../../../tools/verify/attack/probe.ts'
import { bearer, readStatus, signParts } from '../../../tools/verify/attack/requests.ts'
import type { FuzzedRequest } from './fuzz.ts'
import type { H2Request } from './h2-probe.ts'
import { sendH2From, toH2Request } from './send.ts'

type Possessions = { tokens: readonly string[]; pairing?: KeyObject }
export type FuzzAnswer = { request: FuzzedRequest; status?: number | undefined; body: string }

/** Requests at a time. Each chunk lasts as long as its unanswered requests. */
const CHUNK = 800

export async function sendFuzzed(
  origin: Origin,
  place: Place,
  requests: readonly FuzzedRequest[],
  has: Possessions,
): Promise<FuzzAnswer[]> {
  const answers: FuzzAnswer[] = []
  const overH2 = requests.filter(({ protocol }) => protocol === 'HTTP/2')
  const overH1 = requests.filter(({ protocol }) => protocol !== 'HTTP/2')
  for (const chunk of divide(overH1)) {
    const probes = chunk.map((each) => ({ ...place, bytes: writeH1(each, has) }))
    for (const [index, { received }] of (await probeFrom(origin, probes)).entries()) {
      answers.push({ request: chunk[index] as FuzzedRequest, ...readAnswer(received) })
    }
  }
  for (const chunk of divide(overH2)) {
    const written = chunk.map((each) => writeH2(each, has))
    for (const [index, outcome] of (await sendH2From(origin, place, written)).entries()) {
      const { status, body } = outcome
      answers.push({ request: chunk[index] as FuzzedRequest, status, body })
    }
  }
  return answers
}

function divide<T>(all: readonly T[]): T[][] {
  const count = Math.ceil(all.length / CHUNK)
  return Array.from({ length: count }, (_, index) => all.slice(index * CHUNK, (index + 1) * CHUNK))
}

/** Skips "100 Continue" (RFC 9110 section 15.2.1). */
function readAnswer(received: string): Omit<FuzzAnswer, 'request'> {
  const status = readStatus(received)
  const rest = received.slice(received.indexOf('\r\n\r\n') + 4)
  return status === 100 && rest !== '' ? readAnswer(rest) : { status, body: rest }
}

function showIdentity(request: FuzzedRequest, { tokens, pairing }: Possessions) {
  const { method, path, body, token, paired } = request
  const chosen = tokens[token]
  const headers = chosen === undefined ? {} : bearer(chosen)
  if (pairing === undefined || paired === 'not') return headers
  const over = paired === 'as sent' ? { method, path } : { method: 'POST', path: '/sign' }
  return signParts(pairing, { ...over, body, headers }).headers ?? {}
}

function writeH2(request: FuzzedRequest, has: Possessions): H2Request {
  const { method, path, host, body } = request
  const headers = { ...Object.fromEntries(request.headers), ...showIdentity(request, has) }
  return toH2Request({ method, path, host, body, headers })
}

/** Writes HTTP/1 with repeated headers, and lines that may end in a bare LF. */
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
