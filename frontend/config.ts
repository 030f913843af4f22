// The frontend's configuration: addresses, paths and times, never a secret.
import { z } from 'zod'
import { parseEnvironment, path, wholeNumber } from '../runtime/environment.ts'

const schema = z.object({
  FRONTEND_PORT: wholeNumber(0, 65_535).default(8080).describe('0 is any free one'),
  FRONTEND_LINGER_MS: wholeNumber(0, 60_000)
    .default(0)
    .describe('how long requests are still taken after SIGTERM'),
  SIGNER_URL: z
    .string()
    .refine(isPlainUrl, 'must be an http: URL without user, query or fragment')
    .default('http://localhost:8081/sign')
    .describe('plain HTTP: the mesh makes mutual TLS of it'),
  SIGNER_TIMEOUT_MS: wholeNumber(1, 60_000).default(1_000).describe('for a signature, all told'),
  CALLER_TOKEN_FILE: path
    .default('/run/identity/token')
    .describe('the projected ServiceAccount token for the signer'),
  PAIRING_SECRET_FILE: path
    .optional()
    .describe('the secret that the signer has left; unset: frontend and signer are not paired'),
})

export type FrontendConfig = Readonly<{
  port: number
  lingerMs: number
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
