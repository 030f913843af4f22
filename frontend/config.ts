// The frontend's configuration: addresses, paths and times, never a secret.
import * as z from 'zod/mini'
import { parseEnvironment, path, pathOrNone, wholeNumber } from '../runtime/environment.ts'

const schema = z.object({
  FRONTEND_PORT: z._default(wholeNumber(0, 65_535).check(z.describe('0 is any free one')), 8080),
  FRONTEND_LINGER_MS: z._default(
    wholeNumber(0, 60_000).check(z.describe('how long requests are still taken after SIGTERM')),
    0,
  ),
  FRONTEND_MAX_REQUESTS: z._default(
    wholeNumber(1, 10_000).check(z.describe('messages that are being signed at once')),
    128,
  ),
  SIGNER_URL: z._default(
    z
      .string()
      .check(
        z.refine(isPlainUrl, 'must be an http: URL without user, query or fragment'),
        z.describe('plain HTTP: the mesh makes mutual TLS of it'),
      ),
    'http://localhost:8081/sign',
  ),
  // Under a second, so that whoever asks the frontend is answered within one.
  SIGNER_TIMEOUT_MS: z._default(
    wholeNumber(1, 60_000).check(z.describe('for a signature, all told')),
    900,
  ),
  CALLER_TOKEN_FILE: z._default(
    path.check(z.describe('the projected ServiceAccount token for the signer')),
    '/run/identity/token',
  ),
  PAIRING_SECRET_FILE: pathOrNone.check(
    z.describe('the secret that the signer has left; none: the signer is in another Pod'),
  ),
})

export type FrontendConfig = Readonly<{
  port: number
  lingerMs: number
  maxRequests: number
  signerUrl: URL
  signerTimeoutMs: number
  callerTokenFile: string
  pairingSecretFile: string | undefined
}>

/** Reads FRONTEND_*, SIGNER_*, CALLER_* and PAIRING_*. Throws EnvironmentError, which names every variable that is wrong. */
export function loadConfig(environment: NodeJS.ProcessEnv): FrontendConfig {
  const variables = parseEnvironment(schema, environment)
  return Object.freeze({
    port: variables.FRONTEND_PORT,
    lingerMs: variables.FRONTEND_LINGER_MS,
    maxRequests: variables.FRONTEND_MAX_REQUESTS,
    signerUrl: new URL(variables.SIGNER_URL),
    signerTimeoutMs: variables.SIGNER_TIMEOUT_MS,
    callerTokenFile: variables.CALLER_TOKEN_FILE,
    pairingSecretFile: variables.PAIRING_SECRET_FILE,
  })
}

function isPlainUrl(value: string): boolean {
  const url = URL.parse(value)
  if (url === null || url.protocol !== 'http:') return false
  return url.href === `http://${url.host}${url.pathname}`
}
