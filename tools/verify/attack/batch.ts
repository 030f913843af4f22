// Sends a batch of attacks between two positive controls, and tells what came of it: a suite in which everything is
// refused proves nothing.

import type { AuditEntry } from '../../../signer/audit-log.ts'
import { readKey } from '../../deploy/keys/hmac-key.ts'
import { computeOpensslHmac } from '../../deploy/openssl-hmac.ts'
import { listAuditedRequests } from './audited-requests.ts'
import { probeFrom, probeInTurnFrom } from './containers.ts'
import type { Outcome, Probe } from './probe.ts'
import {
  bearer,
  makeRequestId,
  readJsonBody,
  readStatus,
  signParts,
  snakeCase,
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
  /** What the signer got in between. */
  reached: AuditEntry[]
  /** How many signatures it has made in between, as it counts itself. */
  signed: number
}

/** The control before has made one at least. */
const SIGNATURES = 'signer_signatures_total'
/** As anything in the Pod may ask. */
const counters = { ...SIGNER_IN_POD, bytes: writeRequest({ method: 'GET', path: '/metrics' }) }

/** Runs `attack` and the controls around it. */
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

/** The frontend container does what it may: everything right, and a message of its own. */
function writeControl({ token, pairing }: Credentials, requestId: string): Probe {
  const headers = { ...bearer(token), ...snakeCase, 'x-request-id': requestId }
  const parts = { headers, body: JSON.stringify({ message: nameControl(requestId) }) }
  return { ...SIGNER_IN_POD, bytes: writeRequest(signParts(pairing, parts)) }
}

async function readControl(outcome: Outcome | undefined, requestId: string): Promise<Control> {
  const status = readStatus(outcome?.received ?? '')
  const answer = readJsonBody(outcome?.received ?? '') as { signature?: string; key_id?: string }
  const key = await readKey(answer?.key_id ?? '')
  const expected = await computeOpensslHmac(key, Buffer.from(nameControl(requestId)))
  return { status, signature: answer.signature, expected }
}

const nameControl = (requestId: string) => `control ${requestId}`

/** The sum of a counter of the signer's over all its labels, or over those that begin with `labels`. */
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
