// The token that shows the signer's mesh who calls. It is read anew at least every second, because kubelet renews it in
// place; without one that is still valid there is no call at all. Its bytes get into no error.
import { readFileSync } from 'node:fs'
import * as z from 'zod/mini'
import { AppError } from '../runtime/errors.ts'

const MAX_AGE_MS = 1_000
/** JWS compact serialization (RFC 7515 section 7.1): it can stand in a header as it is. */
const compactJws = /^[\w-]+\.([\w-]+)\.[\w-]+$/
const claims = z.object({ exp: z.number() })

type Token = { text: string; expiresAtMs: number }

/** Returns the token; throws AppError caller_token_unavailable if it is missing, empty, no JWT or expired. */
export type ReadToken = () => string

/** Makes the reader of `file`. `now` gives, and `onRead` is told of a token that was read, milliseconds since 1970. */
export function createTokenReader(
  file: string,
  {
    now = Date.now,
    onRead = () => {},
  }: { now?: () => number; onRead?: (expiresAt: number) => void } = {},
): ReadToken {
  let token: Token | undefined
  let readAtMs = 0
  return () => {
    const age = now() - readAtMs
    // A clock that was set back makes it negative.
    if (token === undefined || age < 0 || age >= MAX_AGE_MS) {
      token = undefined
      token = parseToken(readTokenFile(file))
      readAtMs = now()
      onRead(token.expiresAtMs)
    }
    if (token.expiresAtMs <= now()) throw unavailable('has expired')
    return token.text
  }
}

function readTokenFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd()
  } catch (error) {
    throw unavailable('cannot be read', error)
  }
}

function parseToken(text: string): Token {
  if (text === '') throw unavailable('is empty')
  const payload = compactJws.exec(text)?.[1]
  if (payload === undefined) throw unavailable('is no JWT')
  try {
    const { exp } = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')))
    return { text, expiresAtMs: exp * 1_000 }
  } catch {
    // Without the cause: V8 quotes the payload in it.
    throw unavailable('has no expiry that can be read')
  }
}

function unavailable(what: string, cause?: unknown): AppError {
  return new AppError('caller_token_unavailable', `the caller token ${what}`, { cause })
}
