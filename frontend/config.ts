// The configuration of the frontend. It holds addresses, paths and times, never a secret.
import { isIP } from 'node:net'
import * as z from 'zod/mini'
import { isSocket, parseSignerUrl, type SignerTarget } from '../client/settings.ts'
import { integer, parseEnvironment, pathOrNone, pathOrWord } from '../runtime/environment.ts'

/** The value that disables the token. It is never the default. */
const NO_TOKEN = 'none'

const variables = z.object({
  FRONTEND_PORT: z._default(integer(0, 65_535), 8080),
  FRONTEND_HOST: z.optional(
    z.string().check(z.refine((text) => isIP(text) !== 0, 'must be an IP address')),
  ),
  FRONTEND_SHUTDOWN_DELAY_MS: z._default(integer(0, 60_000), 0),
  FRONTEND_MAX_REQUESTS: z._default(integer(1, 10_000), 128),
  SIGNER_URL: z._default(
    z
      .string()
      .check(
        z.refine(
          (url) => parseSignerUrl(url) !== undefined,
          'must be an http: URL without user, query or fragment, or unix:/socket:/path',
        ),
      ),
    'http://localhost:8081/sign',
  ),
  // Less than a second, so that the frontend answers within a second.
  SIGNER_TIMEOUT_MS: z._default(integer(1, 60_000), 900),
  CALLER_TOKEN_FILE: z._default(pathOrWord, '/run/identity/token'),
  PAIRING_SECRET_FILE: pathOrNone,
})

// Over a socket there is no mesh that could check a token, so pairing is the only control. Each variable must match the
// other, so that a forgotten one cannot disable a control.
export const schema = variables.check(
  z.refine(
    ({ SIGNER_URL, CALLER_TOKEN_FILE }) =>
      isOverSocket(SIGNER_URL) === (CALLER_TOKEN_FILE === NO_TOKEN),
    { path: ['CALLER_TOKEN_FILE'], error: 'must be none if SIGNER_URL is a socket, and only then' },
  ),
  z.refine(
    ({ SIGNER_URL, PAIRING_SECRET_FILE }) =>
      !isOverSocket(SIGNER_URL) || PAIRING_SECRET_FILE !== undefined,
    { path: ['PAIRING_SECRET_FILE'], error: 'must be set if SIGNER_URL is a socket' },
  ),
)

export type FrontendConfig = Readonly<{
  port: number
  host: string | undefined
  shutdownDelayMs: number
  maxRequests: number
  signer: SignerTarget
  signerTimeoutMs: number
  /** Undefined over a socket. */
  callerTokenFile: string | undefined
  pairingSecretFile: string | undefined
}>

/** Reads FRONTEND_*, SIGNER_*, CALLER_* and PAIRING_*. Throws EnvironmentError, which names every invalid variable. */
export function loadConfig(environment: NodeJS.ProcessEnv): FrontendConfig {
  const found = parseEnvironment(schema, environment)
  const tokenFile = found.CALLER_TOKEN_FILE
  return Object.freeze({
    port: found.FRONTEND_PORT,
    host: found.FRONTEND_HOST,
    shutdownDelayMs: found.FRONTEND_SHUTDOWN_DELAY_MS,
    maxRequests: found.FRONTEND_MAX_REQUESTS,
    // The schema checked the URL.
    signer: parseSignerUrl(found.SIGNER_URL) as SignerTarget,
    signerTimeoutMs: found.SIGNER_TIMEOUT_MS,
    callerTokenFile: tokenFile === NO_TOKEN ? undefined : tokenFile,
    pairingSecretFile: found.PAIRING_SECRET_FILE,
  })
}

function isOverSocket(url: string): boolean {
  const target = parseSignerUrl(url)
  return target !== undefined && isSocket(target)
}
