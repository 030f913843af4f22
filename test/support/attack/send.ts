// Sends requests to the target, and collects what comes back.
import {
  callIn,
  hasNode,
  intoPod,
  type Origin,
  probeFrom,
} from '../../../tools/verify/attack/containers.ts'
import type { Outcome, Place, Probe } from '../../../tools/verify/attack/probe.ts'
import {
  defaultBody,
  type RequestParts,
  readStatus,
  writeRequest,
} from '../../../tools/verify/attack/requests.ts'
import { PROBE_MS } from '../../../tools/verify/attack/timeouts.ts'
import { type H2Outcome, type H2Request, runH2Requests } from './h2-probe.ts'

/** By the name of the request. */
export type Outcomes = Record<string, Outcome>

/** Sends each request to its own place. */
export async function sendProbes(from: Origin, probes: Record<string, Probe>): Promise<Outcomes> {
  const outcomes = await probeFrom(from, Object.values(probes))
  const names = Object.keys(probes)
  return Object.fromEntries(names.map((name, index) => [name, outcomes[index] as Outcome]))
}

/** Sends all requests to one place. */
export function sendAll(
  from: Origin,
  place: Place,
  requests: Record<string, string>,
): Promise<Outcomes> {
  const probes = Object.entries(requests).map(([name, bytes]) => [name, { ...place, bytes }])
  return sendProbes(from, Object.fromEntries(probes))
}

/** Sends one request. Without an answer, the status is undefined. */
export async function send(from: Origin, place: Place, parts: RequestParts) {
  const [outcome] = await probeFrom(from, [{ ...place, bytes: writeRequest(parts) }])
  const received = outcome?.received ?? ''
  return { status: readStatus(received), received }
}

export function sendH2From(
  origin: Origin,
  place: Place,
  requests: readonly H2Request[],
): Promise<H2Outcome[]> {
  if (origin === 'here') return runH2Requests(place, requests, PROBE_MS)
  if (!hasNode(origin)) {
    return intoPod(origin, [place], ([local = place]) => runH2Requests(local, requests, PROBE_MS))
  }
  const call = `({ place, requests }) => runH2Requests(place, requests, ${PROBE_MS})`
  return callIn(origin, 'test/support/attack/h2-probe.ts', call, { place, requests })
}

export function toH2Request(parts: RequestParts = {}): H2Request {
  const { method = 'POST', path = '/sign', host = 'localhost:8081' } = parts
  const { headers = {}, body = defaultBody(method) } = parts
  const pseudo = { ':method': method, ':path': path, ':authority': host, ':scheme': 'http' }
  const type = body === '' ? {} : { 'content-type': 'application/json' }
  return { headers: { ...pseudo, ...type, ...headers }, body }
}
