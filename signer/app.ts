// The signer's routes: POST /sign, GET /healthz, GET /readyz.
import { AppError } from '../runtime/errors.ts'
import { type App, addHealthRoutes, addRoute, createHttpApp } from '../runtime/http-app.ts'
import type { ServiceDeps } from '../runtime/service.ts'
import type { GetKeyRing } from './key-holder.ts'
import type { Admit } from './pairing.ts'
import { createSignHandler } from './sign-endpoint.ts'

export type SignerDeps = ServiceDeps & { getKeyRing: GetKeyRing; admit: Admit }

/** Makes the app. Ready means that there is a key to sign with. */
export function createApp({ log, isDraining, getKeyRing, admit }: SignerDeps): App {
  const app = createHttpApp(log)
  addHealthRoutes(app, () => {
    if (isDraining()) throw new AppError('shutting_down', 'the signer is shutting down')
    getKeyRing()
  })
  addRoute(app, 'POST', '/sign', createSignHandler(getKeyRing, admit))
  return app
}
