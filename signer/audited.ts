// Wraps a handler so that its request is in the audit log before it is answered, whatever the answer is.
import { AppError } from '../runtime/errors.ts'
import type { AppContext } from '../runtime/http-app.ts'
import type { Audit, AuditEntry } from './audit-log.ts'
import { readCaller } from './caller.ts'

/** What a handler answers, and what is written down of it. */
export type Audited = Pick<AuditEntry, 'outcome' | 'count' | 'keyId'> & { body: object }
export type AuditedHandler = (c: AppContext) => Audited | Promise<Audited>

/** Makes the wrapper. The wrapped handler throws AppError audit_unavailable instead of answering without a line. */
export function createAudited(audit: Audit) {
  return (handler: AuditedHandler) =>
    async (c: AppContext): Promise<Response> => {
      const settled = await settle(handler, c)
      await audit({
        requestId: c.var.requestId,
        caller: readCaller(c.req.header('x-forwarded-client-cert')),
        route: `${c.req.method} ${c.req.path}`,
        ...settled.entry,
      })
      if ('error' in settled) throw settled.error
      return c.json(settled.body)
    }
}

type Settled = { entry: Pick<AuditEntry, 'outcome' | 'count' | 'keyId'> } & (
  | { body: object }
  | { error: unknown }
)

async function settle(handler: AuditedHandler, c: AppContext): Promise<Settled> {
  try {
    const { body, ...entry } = await handler(c)
    return { body, entry }
  } catch (error) {
    const outcome = error instanceof AppError ? error.code : 'internal'
    return { error, entry: { outcome, count: 0 } }
  }
}
