// Code in the frontend's container that has anything signed that the signer signs for it.
import { join } from 'node:path'
import { findTarget } from '../../../../tools/verify/attack/target.ts'
import { startIn } from '../../compromise/in-frontend.ts'
import type { WebhookHeaders } from '../receivers.ts'
import { toLine } from '../verifiers.ts'

/** `body` is sent as JSON, and a text as it is. */
export type Asked = { path: string; body?: unknown; method?: 'GET' | 'POST' }
/** `at`: when the answer came, in milliseconds since 1970. `status` is 0 without an answer. */
export type Answered = { status: number; text: string; at: number }
export type Frontend = {
  ask: (asked: readonly Asked[]) => Promise<Answered[]>
  stop: () => Promise<void>
}

/** An answer to `POST /sign`, or a result of `items`. */
export type Result = {
  headers?: WebhookHeaders
  key_ids?: string[]
  signature?: string
  problem?: { code: string; field?: string }
}

/** The signer makes 1,000 signatures in a call. With two keys, a consumer with two versions has four. */
const ITEMS = 250

/** Starts it in the one Pod of the deployment. */
export async function openFrontend(): Promise<Frontend> {
  const { frontend } = await findTarget()
  const { read, tell, stop } = await startIn(frontend, join(import.meta.dirname, 'ask.ts'), {})
  const ask = (asked: readonly Asked[]) => {
    tell(toLine(asked))
    return read<Answered[]>()
  }
  return { ask, stop }
}

/** Has each signed by a call of its own. */
export async function signSingly(
  frontend: Frontend,
  requests: readonly object[],
): Promise<Result[]> {
  const answers = await frontend.ask(requests.map((body) => ({ path: '/sign', body })))
  return answers.map(({ status, text }) => {
    const body = JSON.parse(text)
    return status === 200 ? body : { problem: body }
  })
}

/** Has them signed by calls for many. */
export async function signItems(
  frontend: Frontend,
  requests: readonly object[],
): Promise<Result[]> {
  const items = requests.map((request, index) => ({ request_id: `r-${index}`, ...request }))
  const calls = Array.from({ length: Math.ceil(items.length / ITEMS) }, (_, call) => ({
    path: '/sign/batch',
    body: { items: items.slice(call * ITEMS, (call + 1) * ITEMS) },
  }))
  const answers = await frontend.ask(calls)
  return answers.flatMap(({ status, text }) => {
    if (status !== 200) throw new Error(`the signer answers ${status}: ${text.slice(0, 300)}`)
    return JSON.parse(text).results as Result[]
  })
}

/** Returns the ids of the webhook keys, the primary one first. */
export async function listWebhookKeys(frontend: Frontend): Promise<string[]> {
  const [answer] = await frontend.ask([{ path: '/keys', method: 'GET' }])
  type Listed = { keys: { key_id: string; form: string; state: string }[] }
  const { keys }: Listed = JSON.parse(answer?.text ?? '')
  return keys
    .filter(({ form }) => form === 'webhook')
    .toSorted((a, b) => Number(b.state === 'primary') - Number(a.state === 'primary'))
    .map((each) => each.key_id)
}
