// The signer's configuration: paths and times, never a secret.
import * as z from 'zod/mini'
import { parseEnvironment, path, pathOrNone, wholeNumber } from '../runtime/environment.ts'
import { freshSocket } from '../runtime/listen.ts'

/** sun_path of unix(7), without the NUL at its end. */
const MAX_SOCKET_PATH_BYTES = 107

const schema = z.object({
  SIGNER_SOCKET: path.check(
    z.refine(
      (socket) => Buffer.byteLength(freshSocket(socket)) <= MAX_SOCKET_PATH_BYTES,
      'is too long for a Unix socket',
    ),
    z.describe('the socket to listen on; its folder must be writable'),
  ),
  SIGNER_KEY_DIR: path.check(z.describe('the folder that the Secret with the keys is mounted at')),
  SIGNER_KEY_BUNDLE: z.optional(
    z
      .string()
      .check(
        z.regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/, 'must be the name of a file'),
        z.describe(
          'the one file in SIGNER_KEY_DIR that holds all keys; unset: each file there is a key',
        ),
      ),
  ),
  SIGNER_PAIRING_DIR: pathOrNone.check(
    z.describe('the folder to leave the pairing secret in; none: the frontend is in another Pod'),
  ),
  SIGNER_MAX_REQUESTS: z._default(
    wholeNumber(1, 10_000).check(z.describe('requests for one message that are worked on at once')),
    256,
  ),
  SIGNER_LINGER_MS: z._default(
    wholeNumber(0, 60_000).check(z.describe('how long requests are still taken after SIGTERM')),
    0,
  ),
})

export type SignerConfig = Readonly<{
  socket: string
  keyDir: string
  keyBundle: string | undefined
  pairingDir: string | undefined
  maxRequests: number
  lingerMs: number
}>

/** Reads SIGNER_*. Throws EnvironmentError, which names every variable that is wrong. */
export function loadConfig(environment: NodeJS.ProcessEnv): SignerConfig {
  const variables = parseEnvironment(schema, environment)
  return Object.freeze({
    socket: variables.SIGNER_SOCKET,
    keyDir: variables.SIGNER_KEY_DIR,
    keyBundle: variables.SIGNER_KEY_BUNDLE,
    pairingDir: variables.SIGNER_PAIRING_DIR,
    maxRequests: variables.SIGNER_MAX_REQUESTS,
    lingerMs: variables.SIGNER_LINGER_MS,
  })
}
