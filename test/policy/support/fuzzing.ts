// Sends fuzzed requests, with the tokens and the pairing secret that their sender has.
import type { KeyObject } from 'node:crypto'
import type { FuzzedRequest } from '../cases/fuzz.ts'
import { type Container, probeFrom, sendH2From } from './containers.ts'
import { type H2Outcome, type H2Request, runH2Requests } from './h2-probe.ts'
import { type Outcome, runProbes } from './probe.ts'
import { bearer, readStatus, signParts, toH2Request } from './requests.ts'
import { PROBE_MS } from './timeouts.ts'

type Place = { host: string; port: number }
type Possessions = { tokens: readonly string[]; pairing?: KeyObject }
/** What was sent, for a report, and what came. */
export type FuzzAnswer = { request: FuzzedRequest; status?: number | undefined; body: string }

type Transport = {
  raw: (bytes: readonly string[]) => Promise<Outcome[]>
  h2: (requests: readonly H2Request[]) => Promise<H2Outcome[]>
}

/** Requests that go into a container at a time. */
const CHUNK = 400

/** Sends them from a container. */
export function sendFuzzed(
  from: Container,
  place: Place,
  requests: readonly FuzzedRequest[],
  has: Possessions,
): Promise<FuzzAnswer[]> {
  return send(requests, has, {
    raw: (all) =>
      probeFrom(
        from,
        all.map((bytes) => ({ ...place, bytes })),
      ),
    h2: (all) => sendH2From(from, place, all),
  })
}

/** Sends them from this machine. */
export function sendFuzzedFromHere(
  place: Place,
  requests: readonly FuzzedRequest[],
  has: Possessions,
): Promise<FuzzAnswer[]> {
  return send(requests, has, {
    raw: (all) =>
      runProbes(
        all.map((bytes) => ({ ...place, bytes })),
        PROBE_MS,
      ),
    h2: (all) => runH2Requests(place, all, PROBE_MS),
  })
}

async function send(
  requests: readonly FuzzedRequest[],
  has: Possessions,
  { raw, h2 }: Transport,
): Promise<FuzzAnswer[]> {
  const answers: FuzzAnswer[] = []
  const [overH2, overH1] = [
    requests.filter(({ protocol }) => protocol === 'HTTP/2'),
    requests.filter(({ protocol }) => protocol !== 'HTTP/2'),
  ]
  for (let at = 0; at < overH1.length; at += CHUNK) {
    const chunk = overH1.slice(at, at + CHUNK)
    const outcomes = await raw(chunk.map((each) => writeH1(each, has)))
    for (const [index, { received }] of outcomes.entries()) {
      answers.push({ request: chunk[index] as FuzzedRequest, ...readAnswer(received) })
    }
  }
  for (let at = 0; at < overH2.length; at += CHUNK) {
    const chunk = overH2.slice(at, at + CHUNK)
    const outcomes = await h2(chunk.map((each) => writeH2(each, has)))
    for (const [index, { status, body }] of outcomes.entries()) {
      answers.push({ request: chunk[index] as FuzzedRequest, status, body })
    }
  }
  return answers
}

/** The answer after "100 Continue", if that came first (RFC 9110 section 15.2.1). */
function readAnswer(received: string): Omit<FuzzAnswer, 'request'> {
  const status = readStatus(received)
  const rest = received.slice(received.indexOf('\r\n\r\n') + 4)
  return status === 100 && rest !== '' ? readAnswer(rest) : { status, body: rest }
}

/** The headers that show who sends it: token and pairing signature. */
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

/** HTTP/1 as it is meant: headers may come twice, lines may end in a bare LF. */
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
