// Sends messages to the ingress gateway as a public client with headers of its own.
import { probeFrom } from '../../tools/verify/attack/containers.ts'
import type { PublicPlace } from '../../tools/verify/attack/gateway.ts'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import { readJsonBody, readStatus, writeRequest } from '../../tools/verify/attack/requests.ts'

/** Sends a `POST /process` with `headers`, byte for byte. The body of the answer is null if it is not JSON. */
export async function sendHeaders(place: PublicPlace, headers: Record<string, string>) {
  const bytes = Object.entries(headers).map(([name, value]) => {
    return [name, Buffer.from(value).toString('latin1')]
  })
  const host = place.authority ?? place.host
  const parts = { host, path: '/process', headers: Object.fromEntries(bytes) }
  const [outcome] = await probeFrom('here', [{ ...place, bytes: writeRequest(parts) }])
  const { received } = outcome as Outcome
  return { status: readStatus(received), body: readJsonBody(received) }
}
