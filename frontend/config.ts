// The frontend's configuration: addresses, paths and times, never a secret.
import * as z from 'zod/mini'
import { parseEnvironment, pathOrNone, pathOrWord, wholeNumber } from '../runtime/environment.ts'
import { isSignerUrl, isSocketUrl } from './signer-url.ts'

/** Said, and never by default: no token is sent. */
const NO_TOKEN = 'none'

const variables = z.object({
  FRONTEND_PORT: z._default(
    wholeNumber(0, 65_535).check(z.describe('the port to listen on; 0 is any free one')),
    8080,
  ),
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
        z.refine(
          isSignerUrl,
          'must be an http: URL without user, query or fragment, or unix:/socket:/path',
        ),
        z.describe("plain HTTP, of which the mesh makes mutual TLS, or the signer's own socket"),
      ),
    'http://localhost:8081/sign',
  ),
  // Under a second, so that whoever asks the frontend is answered within one.
  SIGNER_TIMEOUT_MS: z._default(
    wholeNumber(1, 60_000).check(z.describe('for a signature, all told')),
    900,
  ),
  CALLER_TOKEN_FILE: z._default(
    pathOrWord.check(z.describe('the projected ServiceAccount token for the signer, or none')),
    '/run/identity/token',
  ),
  PAIRING_SECRET_FILE: pathOrNone.check(
    z.describe('the secret that the signer has left; none: the signer is in another Pod'),
  ),
})

// Over a socket no mesh stands between: nobody would look at a token, and the pairing alone says who asks. So each of the
// two is said beside the other, and a variable that is forgotten starts nothing.
export const schema = variables.check(
  z.refine(
    ({ SIGNER_URL, CALLER_TOKEN_FILE }) =>
      isOverSocket(SIGNER_URL) === (CALLER_TOKEN_FILE === NO_TOKEN),
    { path: ['CALLER_TOKEN_FILE'], error: 'must be none over a socket, and only there' },
  ),
  z.refine(
    ({ SIGNER_URL, PAIRING_SECRET_FILE }) =>
      !isOverSocket(SIGNER_URL) || PAIRING_SECRET_FILE !== undefined,
    { path: ['PAIRING_SECRET_FILE'], error: 'must be set over a socket' },
  ),
)

export type FrontendConfig = Readonly<{
  port: number
  lingerMs: number
  maxRequests: number
  signerUrl: URL
  signerTimeoutMs: number
  /** Undefined over a socket. */
  callerTokenFile: string | undefined
  pairingSecretFile: string | undefined
}>

/** Reads FRONTEND_*, SIGNER_*, CALLER_* and PAIRING_*. Throws EnvironmentError, which names every variable that is wrong. */
export function loadConfig(environment: NodeJS.ProcessEnv): FrontendConfig {
  const found = parseEnvironment(schema, environment)
  const tokenFile = found.CALLER_TOKEN_FILE
  return Object.freeze({
    port: found.FRONTEND_PORT,
    lingerMs: found.FRONTEND_LINGER_MS,
    maxRequests: found.FRONTEND_MAX_REQUESTS,
    signerUrl: new URL(found.SIGNER_URL),
    signerTimeoutMs: found.SIGNER_TIMEOUT_MS,
    callerTokenFile: tokenFile === NO_TOKEN ? undefined : tokenFile,
    pairingSecretFile: found.PAIRING_SECRET_FILE,
  })
}

function isOverSocket(value: string): boolean {
  return isSocketUrl(new URL(value))
}
