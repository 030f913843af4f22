// Sends attacks between two control requests, which must succeed. Without them, refusals would prove nothing.
import { readKey } from '../../../tools/deploy/keys/hmac-key.ts'
import { computeOpensslHmac } from '../../../tools/deploy/openssl-hmac.ts'
import { type Audited, readAuditLog } from '../../../tools/verify/attack/audited-requests.ts'
import { probeInTurnFrom } from '../../../tools/verify/attack/containers.ts'
import { counters, parseCounter } from '../../../tools/verify/attack/counters.ts'
import type { Outcome, Probe } from '../../../tools/verify/attack/probe.ts'
import {
  makeRequestId,
  readJsonBody,
  readStatus,
  snakeCase,
  withCredentials,
  writeRequest,
} from '../../../tools/verify/attack/requests.ts'
import {
  type Credentials,
  findTarget,
  SIGNER_IN_POD,
  stealCredentials,
  type Target,
} from '../../../tools/verify/attack/target.ts'
import { LOG_MS } from '../../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'

export type Control = { status: number | undefined; signature: unknown; expected: string }
export type BatchResult<T> = {
  outcomes: T
  before: Control
  after: Control
  reached: Audited[]
  /** The signatures that the signer made in between, by its own counter. */
  signed: number
}

const SIGNATURES = 'signer_signatures_total'

/** Runs `attack`, with a control request before and after it. */
export async function runBatch<T>(
  attack: (target: Target, stolen: Credentials) => Promise<T>,
): Promise<BatchResult<T>> {
  const start = new Date()
  const target = await findTarget()
  const stolen = await stealCredentials(target)
  const [first, last] = [makeRequestId(), makeRequestId()]
  const control = (id: string) => writeControl(stolen, id)
  const [before, counted] = await probeInTurnFrom(target.frontend, [control(first), counters])
  const outcomes = await attack(target, stolen)
  const [counts, after] = await probeInTurnFrom(target.frontend, [counters, control(last)])
  return {
    outcomes,
    before: await readControl(before, first),
    after: await readControl(after, last),
    reached: await listAuditedRequests(target, first, last, start),
    signed: parseCounter(counts, SIGNATURES) - parseCounter(counted, SIGNATURES),
  }
}

/** Writes a valid request of the frontend. */
function writeControl(stolen: Credentials, requestId: string): Probe {
  const headers = { ...snakeCase, 'x-request-id': requestId }
  const parts = { headers, body: JSON.stringify({ message: nameControl(requestId) }) }
  return { ...SIGNER_IN_POD, bytes: writeRequest(withCredentials(stolen, parts)) }
}

async function readControl(outcome: Outcome | undefined, requestId: string): Promise<Control> {
  const status = readStatus(outcome?.received ?? '')
  const answer = readJsonBody(outcome?.received ?? '') as { signature?: string; key_id?: string }
  const key = await readKey(answer?.key_id ?? '')
  const expected = await computeOpensslHmac(key, Buffer.from(nameControl(requestId)))
  return { status, signature: answer.signature, expected }
}

const nameControl = (requestId: string) => `control ${requestId}`

/** Lists the requests that reached the signer between those with the ids `first` and `last`, both sent after `since`. */
async function listAuditedRequests(
  target: Target,
  first: string,
  last: string,
  since: Date,
): Promise<Audited[]> {
  let entries: Audited[] = []
  const find = (id: string) => entries.findIndex(({ request_id }) => request_id === id)
  return waitFor(
    async () => {
      entries = await readAuditLog(target, since)
      const [start, end] = [find(first), find(last)]
      return start >= 0 && end >= 0 ? entries.slice(start + 1, end) : undefined
    },
    LOG_MS,
    // kubelet starts a new file at 10 MiB, and shows only the new one.
    () => `the audit log lacks ${find(first) < 0 ? 'the first' : 'the last'} control: rotated?`,
  )
}
