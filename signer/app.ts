// The signer's routes: POST /sign, /sign/batch, /verify, and GET /keys, /healthz, /readyz, /metrics.
import { type BeginWork, createConcurrencyLimit } from '../runtime/concurrency-limit.ts'
import { MAX_BODY_BYTES } from '../runtime/contract.ts'
import {
  type App,
  type AppContext,
  addRoute,
  addServiceRoutes,
  createHttpApp,
} from '../runtime/http/http-app.ts'
import type { ServiceDeps } from '../runtime/service.ts'
import type { AuditLog } from './audit-log.ts'
import { answer, createAuditing } from './audited.ts'
import type { Peer } from './caller-identity.ts'
import type { EndpointDeps } from './endpoints/endpoint-deps.ts'
import { createSignBatchHandler } from './endpoints/sign-batch-endpoint.ts'
import { createSignHandler } from './endpoints/sign-endpoint.ts'
import { createVerifyHandler } from './endpoints/verify-endpoint.ts'
import { listKeyStates } from './keys/key-ring.ts'

export type SignerDeps = ServiceDeps &
  EndpointDeps & { auditLog: AuditLog; peer: Peer; maxRequests: number }

/** How many batches are served at once. At 4 MiB each, more would not fit into the container's memory. */
const MAX_BATCHES = 8
/** The same for batches of at most MAX_BODY_BYTES, as frontends under load send them. */
const MAX_SMALL_BATCHES = 32

/** Makes the app. It is ready when it has a key and can write its audit log. */
export function createApp(deps: SignerDeps): App {
  const { getKeyRing, admit, auditLog } = deps
  const app = createHttpApp(deps.log, deps.metrics)
  app.use(createAuditing(auditLog, deps.peer))
  // The limits apply before a body is read, so an excess request costs nothing.
  const one = createConcurrencyLimit(deps.maxRequests)
  const batch = createConcurrencyLimit(MAX_BATCHES)
  const smallBatch = createConcurrencyLimit(MAX_SMALL_BATCHES)
  addServiceRoutes(app, deps, () => {
    auditLog.requireWritable()
    getKeyRing()
  })
  const [sign, signBatch] = [createSignHandler(deps), createSignBatchHandler(deps)]
  const verify = createVerifyHandler(deps)
  addRoute(app, 'POST', '/sign', (c) => sign(occupy(c, one)))
  addRoute(app, 'POST', '/sign/batch', (c) => {
    const announced = Number(c.req.header('content-length') ?? Infinity)
    return signBatch(occupy(c, announced <= MAX_BODY_BYTES ? smallBatch : batch))
  })
  addRoute(app, 'POST', '/verify', (c) => verify(occupy(c, one)))
  addRoute(app, 'GET', '/keys', (c) => {
    admit(c)(new Uint8Array())
    return answer(c, { keys: listKeyStates(getKeyRing()) }, { outcome: 'listed', count: 0 })
  })
  return app
}

/** Begins a request. It ends after its audit line is written, because until then its answer is in memory. */
function occupy(c: AppContext, begin: BeginWork): AppContext {
  c.set('end', begin())
  return c
}
