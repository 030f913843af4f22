// Writes an audit line for every request except probes and metrics, before the response is sent.
import type { MiddlewareHandler } from 'hono'
import {
  type AppContext,
  type AppEnv,
  makeAnswer,
  nameRequest,
  readRoute,
} from '../runtime/http/http-app.ts'
import { formatAnswer, JSON_CASE_HEADER } from '../runtime/previous-version.ts'
import type { AuditEntry, AuditLog } from './audit-log.ts'
import { createCallerReader, type Peer } from './caller-identity.ts'

/** What a handler did for its caller. */
type Done = Pick<AuditEntry, 'outcome' | 'count' | 'key_id'>

declare module 'hono' {
  interface ContextVariableMap {
    done?: Done
  }
}

/** Kubernetes and Prometheus request these every few seconds. Their answers reveal no key. */
const unaudited = new Set(['GET /healthz', 'GET /readyz', 'GET /metrics'])

/** Makes the middleware. It throws AppError audit_unavailable if the line cannot be written. */
export function createAuditing({ record }: AuditLog, peer: Peer): MiddlewareHandler<AppEnv> {
  const readCaller = createCallerReader(peer)
  return async function auditRequest(c, next) {
    await next()
    const route = `${c.req.method} ${readRoute(c) ?? 'other'}`
    if (unaudited.has(route)) return
    await record({
      ...nameRequest(c),
      caller: readCaller(c.req.header('x-forwarded-client-cert')),
      route,
      ...(c.get('done') ?? { outcome: c.get('errorCode') ?? 'internal', count: 0 }),
    })
  }
}

/** Makes the answer, and records what goes into the audit line. */
export function answer(c: AppContext, body: object, done: Done): Response {
  c.set('done', done)
  return makeAnswer(c, formatAnswer(body, c.req.header(JSON_CASE_HEADER)))
}
