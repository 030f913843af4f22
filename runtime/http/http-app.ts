// What all routes of both services share: request ids, traces, problem responses, exact paths and methods, and metrics.
import type { HttpBindings } from '@hono/node-server'
import { type Context, type Handler, Hono } from 'hono'
import { routePath } from 'hono/route'
import { AppError, type ErrorCode, statusOf } from '../errors.ts'
import { createLineBudget, type TakeLines } from '../line-budget.ts'
import type { Log, LogFields } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { ServiceDeps } from '../service.ts'
import { describeAnswer, makeProblem } from './problem.ts'
import { chooseRequestId } from './request-id.ts'
import { readTraceId } from './trace-id.ts'

/** `traceId` is set if the caller sent one, and `errorCode` if the request failed. */
type Variables = { requestId: string; traceId: string | undefined; errorCode?: ErrorCode }
export type AppEnv = { Bindings: Partial<HttpBindings>; Variables: Variables }
export type AppContext = Context<AppEnv>
export type App = Hono<AppEnv>
export type Body = string | Uint8Array<ArrayBuffer>
type Method = 'GET' | 'POST'

/** Makes an app without routes. */
export function createHttpApp(log: Log, { observeRequest }: Metrics): App {
  const app = new Hono<AppEnv>({ getPath: readTarget })
  const takeLines = createLineBudget((count) => log('warn', 'lines_omitted', { count }))
  app.use(async function serveRequest(c, next) {
    const start = performance.now()
    const requestId = chooseRequestId(c.req.header('x-request-id'))
    c.set('requestId', requestId)
    c.set('traceId', readTraceId(c.req.header('traceparent')))
    await next()
    const { method } = c.req
    const request = { method, route: readRoute(c), status: c.res.status, code: c.get('errorCode') }
    observeRequest(request, (performance.now() - start) / 1_000)
  })
  app.notFound((c) => answerError(c, new AppError('not_found', 'no such resource')))
  app.onError((error, c) => {
    logFailure(log, error, nameRequest(c), takeLines)
    return answerError(c, error)
  })
  return app
}

/** Adds a route with one method. Other methods get 405 with Allow (RFC 9110 section 15.5.6). */
export function addRoute(app: App, method: Method, path: string, handler: Handler<AppEnv>): void {
  app.on(method, path, handler)
  const allow = method === 'GET' ? 'GET, HEAD' : method
  app.all(path, (c) => {
    return answerError(c, new AppError('method_not_allowed', `use ${allow}`), { allow })
  })
}

/** Returns the route that a request matched, for example "/sign", or undefined. Any other path is never repeated. */
export function readRoute(c: AppContext): string | undefined {
  // Without a route, only the middleware matched.
  const matched = routePath(c, -1)
  return matched === '/*' ? undefined : matched
}

/** Returns the ids of a request for a log line. The caller chooses the trace id, so it proves nothing. */
export function nameRequest(c: AppContext): { request_id: string; trace_id?: string } {
  const traceId = c.get('traceId')
  return { request_id: c.get('requestId'), ...(traceId && { trace_id: traceId }) }
}

/** Makes the answer of a handler. The methods of `c` would build a slow Headers object, and leave out the request id. */
export function makeAnswer(c: AppContext, body: Body, type = 'application/json'): Response {
  return new Response(body, { headers: describeAnswer(c.get('requestId'), type) })
}

const healthy = JSON.stringify({ status: 'ok' })

/**
 * Adds `GET /healthz`, `GET /readyz`, and `GET /metrics` in the text format of Prometheus. `requireReady` throws or rejects with an
 * AppError that says why not.
 */
export function addServiceRoutes(
  app: App,
  { metrics: { registry }, isDraining }: Pick<ServiceDeps, 'metrics' | 'isDraining'>,
  requireReady: () => void | Promise<void>,
): void {
  addRoute(app, 'GET', '/healthz', (c) => makeAnswer(c, healthy))
  addRoute(app, 'GET', '/readyz', async (c) => {
    if (isDraining()) throw new AppError('shutting_down', 'the service is shutting down')
    await requireReady()
    return makeAnswer(c, healthy)
  })
  addRoute(app, 'GET', '/metrics', async (c) => {
    return makeAnswer(c, await registry.metrics(), registry.contentType)
  })
}

// Returns the request target unchanged: not decoded, with dot segments and query. The path that a policy matched in the
// proxy is then the path that the service matches.
function readTarget(request: Request, options?: { env?: AppEnv['Bindings'] }): string {
  return options?.env?.incoming?.url ?? request.url.replace(/^[a-z]+:\/\/[^/]*/, '')
}

function answerError(c: AppContext, error: Error, headers?: Record<string, string>): Response {
  c.set('errorCode', error instanceof AppError ? error.code : 'internal')
  return makeProblem(error, c.get('requestId'), headers)
}

/** Logs what is not the caller's fault alone. Metrics count the rest. */
function logFailure(log: Log, error: Error, request: LogFields, takeLines: TakeLines): void {
  const isKnown = error instanceof AppError
  const code = isKnown ? error.code : 'internal'
  const isRefusal = statusOf[code] === 403
  if ((!isRefusal && statusOf[code] < 500) || takeLines() === 0) return
  const event = isRefusal ? 'request_refused' : 'request_failed'
  const why = isKnown ? { detail: error.message } : { error: error.stack ?? error.name }
  log(isKnown ? 'warn' : 'error', event, { ...request, code, ...why })
}
