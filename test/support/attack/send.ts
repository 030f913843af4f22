// Sends requests to the target, and collects what comes back.
import { type Origin, probeFrom } from '../../../tools/verify/attack/containers.ts'
import type { Outcome, Place, Probe } from '../../../tools/verify/attack/probe.ts'
import {
  type RequestParts,
  readStatus,
  writeRequest,
} from '../../../tools/verify/attack/requests.ts'

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
