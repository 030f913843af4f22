// Reads the caller token, which identifies the frontend to the signer's proxy. kubelet renews the file, so it is read
// again after a second at most. Without a valid token the frontend does not call the signer. No error quotes the token.
import { readFileSync } from 'node:fs'
import * as z from 'zod/mini'
import { AppError } from '../runtime/errors.ts'

const MAX_AGE_MS = 1_000
/** JWS compact serialization (RFC 7515 section 7.1), which is safe in a header. */
const compactJws = /^[\w-]+\.([\w-]+)\.[\w-]+$/
const claims = z.object({ exp: z.number() })

type Token = { text: string; expiresAtMs: number }

/** Returns the token. Throws AppError caller_token_unavailable if it is missing, empty, malformed or expired. */
export type ReadToken = () => string

/** Makes the reader of `file`. `onRead` receives the expiry of each token that was read. Times are in ms since 1970. */
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
    // The age is negative after the clock was set back.
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
  if (payload === undefined) throw unavailable('is not a JWT')
  try {
    const { exp } = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')))
    return { text, expiresAtMs: exp * 1_000 }
  } catch {
    // Without the cause, because V8 quotes the payload in it.
    throw unavailable('has no valid expiry')
  }
}

function unavailable(what: string, cause?: unknown): AppError {
  return new AppError('caller_token_unavailable', `the caller token ${what}`, { cause })
}
