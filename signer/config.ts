// The signer's configuration: paths and times, never a secret.
import * as z from 'zod/mini'
import { parseEnvironment, path, pathOrNone, wholeNumber } from '../runtime/environment.ts'
import { freshSocket } from '../runtime/http/listen.ts'
import type { Peer } from './caller-identity.ts'

/** sun_path of unix(7), without the NUL at its end. */
const MAX_SOCKET_PATH_BYTES = 107

const variables = z.object({
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
    z.describe('the folder to leave the pairing secret in; none: SIGNER_CALLER says who is served'),
  ),
  SIGNER_CALLER: z.optional(
    z
      .string()
      .check(
        z.regex(/^spiffe:\/\/[^\s,;="]{1,2048}$/, 'must be a SPIFFE id'),
        z.describe("the frontend's mesh identity, where it is in another Pod"),
      ),
  ),
  SIGNER_PEER: z._default(
    z
      .enum(['proxy', 'container'], 'must be proxy or container')
      .check(z.describe("who connects: the mesh's proxy, or the frontend itself")),
    'proxy',
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

/** One lock and no other: with none there is nobody to be refused, and with two it would not be clear which holds. */
export const schema = variables.check(
  z.refine(({ SIGNER_PAIRING_DIR: folder, SIGNER_CALLER: caller }) => !folder === !!caller, {
    path: ['SIGNER_CALLER'],
    error: 'must be set where SIGNER_PAIRING_DIR is none, and only there',
  }),
  // Without a proxy there is nobody to say who calls but the caller.
  z.refine(
    ({ SIGNER_PEER, SIGNER_PAIRING_DIR }) =>
      SIGNER_PEER === 'proxy' || SIGNER_PAIRING_DIR !== undefined,
    { path: ['SIGNER_PAIRING_DIR'], error: 'must be set where SIGNER_PEER is container' },
  ),
)

export type SignerConfig = Readonly<{
  socket: string
  keyDir: string
  keyBundle: string | undefined
  /** Whom it serves: the frontend of its Pod, or who has this identity. */
  lock: { pairingDir: string } | { caller: string }
  peer: Peer
  maxRequests: number
  lingerMs: number
}>

/** Reads SIGNER_*. Throws EnvironmentError, which names every variable that is wrong. */
export function loadConfig(environment: NodeJS.ProcessEnv): SignerConfig {
  const read = parseEnvironment(schema, environment)
  const { SIGNER_PAIRING_DIR: pairingDir, SIGNER_CALLER: caller = '' } = read
  return Object.freeze({
    socket: read.SIGNER_SOCKET,
    keyDir: read.SIGNER_KEY_DIR,
    keyBundle: read.SIGNER_KEY_BUNDLE,
    lock: pairingDir === undefined ? { caller } : { pairingDir },
    peer: read.SIGNER_PEER,
    maxRequests: read.SIGNER_MAX_REQUESTS,
    lingerMs: read.SIGNER_LINGER_MS,
  })
}
