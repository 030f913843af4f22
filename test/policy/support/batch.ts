// Sends a batch of attacks between two positive controls, and tells what came of it: a suite in which everything is
// refused proves nothing.
import { randomUUID } from 'node:crypto'
import { readKey } from '../../../deploy/hmac-key.ts'
import { computeOpensslHmac } from '../../../deploy/openssl-hmac.ts'
import { probeFrom } from './containers.ts'
import type { Outcome } from './probe.ts'
import { bearer, readJsonBody, readStatus, writeRequest } from './requests.ts'
import { listSignerRequests, type SignerRequest } from './signed-requests.ts'
import { findVictim, stealToken, type Victim } from './victim.ts'

export type Control = { status: number | undefined; signature: unknown; expected: string }
export type BatchResult<T> = {
  outcomes: T
  before: Control
  after: Control
  /** What the signer got in between. */
  reached: SignerRequest[]
}

/** Runs `attack` and the controls around it. */
export async function runBatch<T>(
  attack: (victim: Victim, token: string) => Promise<T>,
): Promise<BatchResult<T>> {
  const victim = await findVictim()
  const token = await stealToken(victim)
  const [first, last] = [randomUUID(), randomUUID()]
  const before = await signAsFrontend(victim, token, first)
  const outcomes = await attack(victim, token)
  const after = await signAsFrontend(victim, token, last)
  const requests = await listSignerRequests(victim, last)
  const start = requests.findIndex(({ userAgent }) => userAgent === first)
  return { outcomes, before, after, reached: requests.slice(start + 1, -1) }
}

/** The frontend container does what it may: everything right, and a message of its own. */
async function signAsFrontend(victim: Victim, token: string, agent: string): Promise<Control> {
  const message = `control ${agent}`
  const headers = { ...bearer(token), 'user-agent': agent }
  const bytes = writeRequest({ headers, body: JSON.stringify({ message }) })
  const [outcome] = await probeFrom(victim.frontend, [{ host: '127.0.0.1', port: 8081, bytes }])
  const status = readStatus(outcome?.received ?? '')
  const answer = readJsonBody(outcome?.received ?? '') as { signature?: string; keyId?: string }
  const key = await readKey(answer?.keyId ?? '')
  const expected = await computeOpensslHmac(key, Buffer.from(message))
  return { status, signature: answer.signature, expected }
}

/** What an outcome was, in one word, for the tables of expectations. */
export function describeOutcome({ connected, end, received }: Outcome): string {
  const status = readStatus(received)
  if (status !== undefined) return String(status)
  if (received !== '') return 'not HTTP'
  if (end === 'timeout') return 'timeout'
  return connected ? 'closed' : 'not connected'
}
