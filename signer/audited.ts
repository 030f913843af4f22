// Writes audit lines before the response is sent: for every request that signs, and for some of the others, which anybody can send.
// Probes and metrics have none.
import type { MiddlewareHandler } from 'hono'
import {
  type AppContext,
  type AppEnv,
  type Body,
  makeAnswer,
  nameRequest,
  readRoute,
} from '../runtime/http/http-app.ts'
import { createLineBudget, type TakeLines } from '../runtime/line-budget.ts'
import { formatAnswer, JSON_CASE_HEADER } from '../runtime/previous-version.ts'
import { cutOutcome, type Outcome } from './audit-lines.ts'
import type { AuditLog } from './audit-log.ts'
import { type Peer, readCaller } from './caller-identity.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** What a handler did for its caller. */
    outcomes?: readonly Outcome[]
    /** Ends the request for the limit of concurrency. */
    end?: () => void
  }
}

/** Kubernetes and Prometheus request these every few seconds. Their answers reveal no key. */
const unaudited = new Set(['GET /healthz', 'GET /readyz', 'GET /metrics'])

/** Makes the middleware. It throws AppError audit_unavailable if the line cannot be written. */
export function createAuditing({ record }: AuditLog, peer: Peer): MiddlewareHandler<AppEnv> {
  const takeLines = createLineBudget((count) => {
    // Metrics have the number, too.
    record({ outcome: 'omitted', count }).catch(() => {})
  })
  return async function auditRequest(c, next) {
    await next()
    const route = `${c.req.method} ${readRoute(c) ?? 'other'}`
    if (unaudited.has(route)) return
    const caller = readCaller(c.req.header('x-forwarded-client-cert'), peer)
    const call = { ...nameRequest(c), caller, route }
    const listEntries = () =>
      takeOutcomes(c).flatMap((each) => bound(each, takeLines).map((one) => ({ ...call, ...one })))
    // No variable holds the entries, for the reason of takeOutcomes.
    await record(...listEntries()).finally(c.get('end'))
  }
}

/** Returns what the request did, and forgets it: the ids of many requests would fill the heap during the write. */
function takeOutcomes(c: AppContext): readonly Outcome[] {
  const outcomes = c.get('outcomes') ?? [{ outcome: c.get('errorCode') ?? 'internal', count: 0 }]
  c.set('outcomes', undefined)
  return outcomes
}

/** Returns what of an outcome is written: all that was signed. Of other requests, as many as the budget has lines for. */
function bound(outcome: Outcome, takeLines: TakeLines): Outcome[] {
  if (outcome.outcome === 'signed') return [outcome]
  const granted = takeLines(outcome.request_ids?.length)
  return granted === 0 ? [] : [cutOutcome(outcome, 0, granted)]
}

/** Makes the answer as its caller reads it, and keeps what goes into the audit lines. Bytes are sent as they are. */
export function answer(c: AppContext, body: object, ...outcomes: readonly Outcome[]): Response {
  c.set('outcomes', outcomes)
  if (body instanceof Uint8Array) return makeAnswer(c, body as Body)
  return makeAnswer(c, formatAnswer(body, c.req.header(JSON_CASE_HEADER)))
}
