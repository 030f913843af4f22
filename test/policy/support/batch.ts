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

/** The control before has made one at least. */
const SIGNATURES = 'signer_signatures_total'

/** Runs `attack` and the controls around it. */
export async function runBatch<T>(
  attack: (victim: Victim, stolen: Credentials) => Promise<T>,
): Promise<BatchResult<T>> {
  const start = new Date()
  const victim = await findVictim()
  const stolen = await stealCredentials(victim)
  const [first, last] = [makeRequestId(), makeRequestId()]
  const before = await signAsFrontend(victim, stolen, first)
  const counted = await readCounter(victim, SIGNATURES)
  const outcomes = await attack(victim, stolen)
  const signed = (await readCounter(victim, SIGNATURES)) - counted
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

/** The sum of a counter of the signer's over all its labels, or over those that begin with `labels`. */
export async function readCounter(
  { frontend }: Victim,
  name: string,
  labels = '',
): Promise<number> {
  const bytes = writeRequest({ method: 'GET', path: '/metrics' })
  const [outcome] = await probeFrom(frontend, [{ ...SIGNER_IN_POD, bytes }])
  const lines = (outcome?.received ?? '').matchAll(/^(\w+)\{(.*)\} (\d+)\r?$/gm)
  const counts = [...lines].filter(
    ([, found, all = '']) => found === name && all.startsWith(labels),
  )
  if (counts.length === 0) throw new Error(`no counter ${name}{${labels}}: ${outcome?.received}`)
  return counts.reduce((sum, [, , , count]) => sum + Number(count), 0)
}

/** What an outcome was, in one word, for the tables of expectations. */
export function describeOutcome({ connected, end, received }: Outcome): string {
  const status = readStatus(received)
  if (status !== undefined) return String(status)
  if (received !== '') return 'not HTTP'
  if (end === 'timeout') return 'timeout'
  return connected ? 'closed' : 'not connected'
}
