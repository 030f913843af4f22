// Has every request but the probes' in the audit log before it is answered, whatever the answer is.
import type { MiddlewareHandler } from 'hono'
import { type AppContext, type AppEnv, nameRequest, readRoute } from '../runtime/http/http-app.ts'
import type { AuditEntry, AuditLog } from './audit-log.ts'
import { createCallerReader, type Peer } from './caller-identity.ts'

/** What a handler has done for its caller. */
type Done = Pick<AuditEntry, 'outcome' | 'count' | 'keyId'>

declare module 'hono' {
  interface ContextVariableMap {
    done?: Done
  }
}

/** Asked every few seconds by who runs the Pod, and telling nothing of the keys. */
const unaudited = new Set(['GET /healthz', 'GET /readyz', 'GET /metrics'])

/** Makes the middleware. It throws AppError audit_unavailable instead of letting an answer go without its line. */
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

/** Says what goes into the request's line, and makes the answer. */
export function answer(c: AppContext, body: object, done: Done): Response {
  c.set('done', done)
  return c.json(body)
}
