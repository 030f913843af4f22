// The frontend's routes: POST /process, GET /healthz, /readyz, /metrics, /openapi.json.
import {
  type App,
  addRoute,
  addServiceRoutes,
  createHttpApp,
  makeAnswer,
} from '../runtime/http/http-app.ts'
import type { ServiceDeps } from '../runtime/service.ts'
import { describeApi } from './openapi.ts'
import { createProcessHandler } from './process-endpoint.ts'
import type { AskSigner } from './signer-client.ts'

export type FrontendDeps = ServiceDeps & {
  askSigner: AskSigner
  /** Throws or rejects with AppError if the frontend cannot call the signer. */
  requireSigner: () => void | Promise<void>
  /** How many messages are signed at once. */
  maxRequests: number
}

/** Makes the app. It is ready when it can call the signer. */
export function createApp(deps: FrontendDeps): App {
  const { askSigner, requireSigner, maxRequests } = deps
  const app = createHttpApp(deps.log, deps.metrics)
  addServiceRoutes(app, deps, requireSigner)
  const api = JSON.stringify(describeApi())
  addRoute(app, 'GET', '/openapi.json', (c) => makeAnswer(c, api))
  addRoute(app, 'POST', '/process', createProcessHandler(askSigner, maxRequests))
  return app
}
