// The configuration of the signer. It holds paths and times, never a secret.
import * as z from 'zod/mini'
import { MAX_BATCH_MESSAGES, textLike } from '../runtime/contract.ts'
import { integer, parseEnvironment, path, pathOrNone } from '../runtime/environment.ts'
import { freshSocket } from '../runtime/http/listen.ts'

/** The length of sun_path in unix(7), without the NUL at the end. */
const MAX_SOCKET_PATH_BYTES = 107

/** No limit if unset. */
const limit = z.optional(integer(1, 999_999_999))

const variables = z.object({
  SIGNER_SOCKET: path.check(
    z.refine(
      (socket) => Buffer.byteLength(freshSocket(socket)) <= MAX_SOCKET_PATH_BYTES,
      'is too long for a Unix socket, use a shorter path',
    ),
  ),
  SIGNER_KEY_DIR: path,
  SIGNER_KEY_BUNDLE: z.optional(textLike(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/, 'the name of a file')),
  SIGNER_PAIRING_DIR: pathOrNone,
  SIGNER_FREEZE_DIR: pathOrNone,
  SIGNER_CALLER: z.optional(textLike(/^spiffe:\/\/[^\s,;="]{1,2048}$/, 'a SPIFFE id')),
  SIGNER_PEER: z._default(z.enum(['proxy', 'container'], 'must be proxy or container'), 'proxy'),
  SIGNER_MAX_REQUESTS: z._default(integer(1, 10_000), 256),
  SIGNER_SIGNATURES_PER_SECOND: limit,
  SIGNER_SIGNATURES_BURST: limit,
  SIGNER_SIGNATURES_PER_DAY: limit,
  SIGNER_VERIFICATIONS_PER_SECOND: limit,
  SIGNER_SHUTDOWN_DELAY_MS: z._default(integer(0, 60_000), 0),
})

/** Exactly one of the two controls must be set. With none the signer would serve everyone. */
export const schema = variables.check(
  z.refine(({ SIGNER_PAIRING_DIR: folder, SIGNER_CALLER: caller }) => !folder === !!caller, {
    path: ['SIGNER_CALLER'],
    error: 'must be set if SIGNER_PAIRING_DIR is none, and only then',
  }),
  // Without a proxy nothing verifies the caller's identity.
  z.refine(
    ({ SIGNER_PEER, SIGNER_PAIRING_DIR }) =>
      SIGNER_PEER === 'proxy' || SIGNER_PAIRING_DIR !== undefined,
    { path: ['SIGNER_PAIRING_DIR'], error: 'must be set if SIGNER_PEER is container' },
  ),
  z.refine(
    ({ SIGNER_SIGNATURES_BURST, SIGNER_SIGNATURES_PER_SECOND }) =>
      SIGNER_SIGNATURES_BURST === undefined || SIGNER_SIGNATURES_PER_SECOND !== undefined,
    { path: ['SIGNER_SIGNATURES_PER_SECOND'], error: 'must be set with SIGNER_SIGNATURES_BURST' },
  ),
)

/** Reads SIGNER_*. Throws EnvironmentError, which names every invalid variable. */
export function loadConfig(environment: NodeJS.ProcessEnv) {
  const read = parseEnvironment(schema, environment)
  const { SIGNER_PAIRING_DIR: pairingDir, SIGNER_CALLER: caller = '' } = read
  const perSecond = read.SIGNER_SIGNATURES_PER_SECOND
  const burst = read.SIGNER_SIGNATURES_BURST ?? Math.max(perSecond ?? 0, MAX_BATCH_MESSAGES)
  const verifications = read.SIGNER_VERIFICATIONS_PER_SECOND
  return Object.freeze({
    socket: read.SIGNER_SOCKET,
    keyDir: read.SIGNER_KEY_DIR,
    keyBundle: read.SIGNER_KEY_BUNDLE,
    /** Who may call: the frontend of the same Pod, or a workload with this identity. */
    admission: pairingDir === undefined ? { caller } : { pairingDir },
    /** Undefined if nothing freezes this signer. */
    freezeDir: read.SIGNER_FREEZE_DIR,
    peer: read.SIGNER_PEER,
    signatureRate: { perSecond, burst, perDay: read.SIGNER_SIGNATURES_PER_DAY },
    verificationRate: { perSecond: verifications, burst: verifications ?? 0, perDay: undefined },
    maxRequests: read.SIGNER_MAX_REQUESTS,
    shutdownDelayMs: read.SIGNER_SHUTDOWN_DELAY_MS,
  })
}
