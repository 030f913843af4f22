// The frontend's routes: POST /process, GET /healthz, GET /readyz.
import { AppError } from '../runtime/errors.ts'
import { type App, addHealthRoutes, addRoute, createHttpApp } from '../runtime/http-app.ts'
import type { ServiceDeps } from '../runtime/service.ts'
import type { ReadToken } from './caller-token.ts'
import { createProcessHandler } from './process-endpoint.ts'
import type { AskSigner } from './signer-client.ts'

export type FrontendDeps = ServiceDeps & { askSigner: AskSigner; readToken: ReadToken }

/** Makes the app. Ready means that there is a token to call the signer with. */
export function createApp({ log, isDraining, askSigner, readToken }: FrontendDeps): App {
  const app = createHttpApp(log)
  addHealthRoutes(app, () => {
    if (isDraining()) throw new AppError('shutting_down', 'the frontend is shutting down')
    readToken()
  })
  addRoute(app, 'POST', '/process', createProcessHandler(askSigner))
  return app
}
