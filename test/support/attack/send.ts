// Sends many requests at once, from a container or from this machine.
import { callIn, type Origin, probeFrom } from '../../../tools/verify/attack/containers.ts'
import type { Outcome, Place } from '../../../tools/verify/attack/probe.ts'
import { defaultBody, type RequestParts } from '../../../tools/verify/attack/requests.ts'
import { PROBE_MS } from '../../../tools/verify/attack/timeouts.ts'
import { type H2Outcome, type H2Request, runH2Requests } from './h2-probe.ts'

export async function sendFrom(
  origin: Origin,
  place: Place,
  requests: Record<string, string>,
): Promise<Record<string, Outcome>> {
  const probes = Object.values(requests).map((bytes) => ({ ...place, bytes }))
  const outcomes = await probeFrom(origin, probes)
  return Object.fromEntries(
    Object.keys(requests).map((name, index) => [name, outcomes[index] as Outcome]),
  )
}

export function sendH2From(
  origin: Origin,
  place: Place,
  requests: readonly H2Request[],
): Promise<H2Outcome[]> {
  if (origin === 'here') return runH2Requests(place, requests, PROBE_MS)
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
