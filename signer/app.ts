// The signer's routes: POST /sign, /sign/batch, /verify, and GET /keys, /healthz, /readyz.
import { AppError } from '../runtime/errors.ts'
import { type App, addHealthRoutes, addRoute, createHttpApp } from '../runtime/http-app.ts'
import type { ServiceDeps } from '../runtime/service.ts'
import type { GetKeyRing } from './key-holder.ts'
import { createKeysHandler } from './keys-endpoint.ts'
import type { Admit } from './pairing.ts'
import { createSignBatchHandler } from './sign-batch-endpoint.ts'
import { createSignHandler } from './sign-endpoint.ts'
import { createVerifyHandler } from './verify-endpoint.ts'

export type SignerDeps = ServiceDeps & { getKeyRing: GetKeyRing; admit: Admit }

/** Makes the app. Ready means that there is a key to sign with. */
export function createApp({ log, isDraining, getKeyRing, admit }: SignerDeps): App {
  const app = createHttpApp(log)
  addHealthRoutes(app, () => {
    if (isDraining()) throw new AppError('shutting_down', 'the signer is shutting down')
    getKeyRing()
  })
  addRoute(app, 'POST', '/sign', createSignHandler(getKeyRing, admit))
  addRoute(app, 'POST', '/sign/batch', createSignBatchHandler(getKeyRing, admit))
  addRoute(app, 'POST', '/verify', createVerifyHandler(getKeyRing, admit))
  addRoute(app, 'GET', '/keys', createKeysHandler(getKeyRing, admit))
  return app
}
