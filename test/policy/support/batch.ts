// Sends a batch of attacks between two positive controls, and tells what came of it: a suite in which everything is
// refused proves nothing.
import { readKey } from '../../../deploy/hmac-key.ts'
import { computeOpensslHmac } from '../../../deploy/openssl-hmac.ts'
import type { AuditEntry } from '../../../signer/audit-log.ts'
import { listAuditedRequests } from './audited-requests.ts'
import { probeFrom } from './containers.ts'
import type { Outcome } from './probe.ts'
import {
  bearer,
  makeRequestId,
  readJsonBody,
  readStatus,
  signParts,
  writeRequest,
} from './requests.ts'
import {
  type Credentials,
  findVictim,
  SIGNER_IN_POD,
  stealCredentials,
  type Victim,
} from './victim.ts'

export type Control = { status: number | undefined; signature: unknown; expected: string }
export type BatchResult<T> = {
  outcomes: T
  before: Control
  after: Control
  /** What the signer got in between. */
  reached: AuditEntry[]
  /** How many signatures it has made in between, as it counts itself. */
  signed: number
}

/** Runs `attack` and the controls around it. */
export async function runBatch<T>(
  attack: (victim: Victim, stolen: Credentials) => Promise<T>,
): Promise<BatchResult<T>> {
  const start = new Date()
  const victim = await findVictim()
  const stolen = await stealCredentials(victim)
  const [first, last] = [makeRequestId(), makeRequestId()]
  const before = await signAsFrontend(victim, stolen, first)
  const counted = await countSignatures(victim)
  const outcomes = await attack(victim, stolen)
  const signed = (await countSignatures(victim)) - counted
  const after = await signAsFrontend(victim, stolen, last)
  const reached = await listAuditedRequests(victim, first, last, start)
  return { outcomes, before, after, reached, signed }
}

/** The frontend container does what it may: everything right, and a message of its own. */
async function signAsFrontend(
  victim: Victim,
  stolen: Credentials,
  requestId: string,
): Promise<Control> {
  const message = `control ${requestId}`
  const headers = { ...bearer(stolen.token), 'x-request-id': requestId }
  const parts = { headers, body: JSON.stringify({ message }) }
  const bytes = writeRequest(signParts(stolen.pairing, parts))
  const [outcome] = await probeFrom(victim.frontend, [{ ...SIGNER_IN_POD, bytes }])
  const status = readStatus(outcome?.received ?? '')
  const answer = readJsonBody(outcome?.received ?? '') as { signature?: string; keyId?: string }
  const key = await readKey(answer?.keyId ?? '')
  const expected = await computeOpensslHmac(key, Buffer.from(message))
  return { status, signature: answer.signature, expected }
}

/** Asks as anything in the Pod may. */
async function countSignatures({ frontend }: Victim): Promise<number> {
  const bytes = writeRequest({ method: 'GET', path: '/metrics' })
  const [outcome] = await probeFrom(frontend, [{ ...SIGNER_IN_POD, bytes }])
  const counts = [
    ...(outcome?.received ?? '').matchAll(/^signer_signatures_total\{.*\} (\d+)\r?$/gm),
  ]
  // The control before has made one at least.
  if (counts.length === 0) throw new Error(`no count of signatures: ${outcome?.received}`)
  return counts.reduce((sum, [, count]) => sum + Number(count), 0)
}

/** What an outcome was, in one word, for the tables of expectations. */
export function describeOutcome({ connected, end, received }: Outcome): string {
  const status = readStatus(received)
  if (status !== undefined) return String(status)
  if (received !== '') return 'not HTTP'
  if (end === 'timeout') return 'timeout'
  return connected ? 'closed' : 'not connected'
}
