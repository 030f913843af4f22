// Sends attacks between two control requests, which must succeed. Without them, refusals would prove nothing.
import type { AuditEntry } from '../../../signer/audit-log.ts'
import { readKey } from '../../deploy/keys/hmac-key.ts'
import { computeOpensslHmac } from '../../deploy/openssl-hmac.ts'
import { listAuditedRequests } from './audited-requests.ts'
import { probeFrom, probeInTurnFrom } from './containers.ts'
import type { Outcome, Probe } from './probe.ts'
import {
  makeRequestId,
  readJsonBody,
  readStatus,
  snakeCase,
  withCredentials,
  writeRequest,
} from './requests.ts'
import {
  type Credentials,
  findTarget,
  SIGNER_IN_POD,
  stealCredentials,
  type Target,
} from './target.ts'

export type Control = { status: number | undefined; signature: unknown; expected: string }
export type BatchResult<T> = {
  outcomes: T
  before: Control
  after: Control
  /** The requests that the signer received in between. */
  reached: AuditEntry[]
  /** The signatures that the signer made in between, by its own counter. */
  signed: number
}

/** At least 1, because the first control request has a signature. */
const SIGNATURES = 'signer_signatures_total'
/** Every container of the Pod may send this request. */
const counters = { ...SIGNER_IN_POD, bytes: writeRequest({ method: 'GET', path: '/metrics' }) }

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

/** Writes a valid request of the frontend container. */
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

/** Sums a counter of the signer over the series whose labels begin with `labels`. */
export async function readCounter(
  { frontend }: Target,
  name: string,
  labels: string,
): Promise<number> {
  const [outcome] = await probeFrom(frontend, [counters])
  return parseCounter(outcome, name, labels)
}

function parseCounter(outcome: Outcome | undefined, name: string, labels = ''): number {
  const lines = (outcome?.received ?? '').matchAll(/^(\w+)\{(.*)\} (\d+)\r?$/gm)
  const counts = [...lines].filter(
    ([, found, all = '']) => found === name && all.startsWith(labels),
  )
  if (counts.length === 0)
    throw new Error(`the signer's metrics lack ${name}{${labels}}: ${outcome?.received}`)
  return counts.reduce((sum, [, , , count]) => sum + Number(count), 0)
}

/** Describes an outcome in one or two words: a status, or how the connection ended. */
export function describeOutcome({ connected, end, received }: Outcome): string {
  const status = readStatus(received)
  if (status !== undefined) return String(status)
  if (received !== '') return 'not HTTP'
  if (end === 'timeout') return 'timeout'
  return connected ? 'closed' : 'not connected'
}
