// Signing requests with whatever credentials, and which of them the signer signed by its audit log.
import type { KeyObject } from 'node:crypto'
import { type Origin, probeFrom } from '../../../tools/verify/attack/containers.ts'
import type { Outcome, Place } from '../../../tools/verify/attack/probe.ts'
import {
  makeRequestId,
  type RequestParts,
  signParts,
  tokenHeader,
  writeRequest,
} from '../../../tools/verify/attack/requests.ts'
import { LOG_MS } from '../../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { type Compromised, readAuditOf } from './break-in.ts'

export type Attempt = { token?: string; pairing?: KeyObject }
export type Sent = { id: string; outcome: Outcome }

/** Sends a signing request for each attempt. Returns what came back, by name. */
export async function sendAttempts(
  from: Origin,
  place: Place,
  attempts: Record<string, Attempt>,
): Promise<Record<string, Sent>> {
  const all = Object.entries(attempts).map(([name, { token, pairing }]) => {
    const id = makeRequestId()
    const headers = { 'x-request-id': id, ...(token !== undefined && tokenHeader(token)) }
    const parts: RequestParts = pairing ? signParts(pairing, { headers }) : { headers }
    return { name, id, probe: { ...place, bytes: writeRequest(parts) } }
  })
  const outcomes = await probeFrom(
    from,
    all.map(({ probe }) => probe),
  )
  return Object.fromEntries(
    all.map(({ name, id }, index) => [name, { id, outcome: outcomes[index] as Outcome }]),
  )
}

/** Lists the requests that the signer signed since `since`. `control` is one of them, which the log shows with a delay. */
export async function listSigned(
  victim: Compromised,
  since: Date,
  control: string,
): Promise<string[]> {
  return waitFor(
    async () => {
      const entries = await readAuditOf(victim, since)
      const signed = entries.filter(({ count }) => count > 0).map((each) => String(each.request_id))
      return signed.includes(control) ? signed : undefined
    },
    LOG_MS,
    () => 'the audit log lacks the control',
  )
}
