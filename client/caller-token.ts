// Reads the caller token, which identifies the application to the signer's proxy. kubelet renews the file, so it is read
// again after a second at most. Without a valid token nothing is sent to the signer. No error quotes the token.
//
// kubelet renews a token while the one before is still valid. If the cluster signs the new one with a key that the mesh does
// not have yet, the one before serves until it expires.
import { readFileSync } from 'node:fs'
import { SignerError } from './signer-error.ts'

const MAX_AGE_MS = 1_000
/** JWS compact serialization (RFC 7515 section 7.1), which is safe in a header. */
const compactJws = /^[\w-]+\.([\w-]+)\.[\w-]+$/

type Token = { text: string; expiresAtMs: number }

export type CallerToken = {
  /** Returns the token to send. Throws SignerError caller_token_unavailable if the file has no valid one. */
  read: () => string
  /** Returns the token in the file. Throws as `read` does. */
  readNewest: () => string
  /** After the mesh refused `used`: returns true if `read` now returns another token. */
  refuse: (used: string) => boolean
  /** After the mesh accepted `used`. */
  accept: (used: string) => void
}

/** Makes the reader of `file`. `onRead` receives the expiry of each token that was read, in ms since 1970. */
export function createCallerToken(
  file: string,
  {
    now = Date.now,
    onRead = () => {},
  }: { now?: () => number; onRead?: (expiresAt: number) => void } = {},
): CallerToken {
  let newest: Token | undefined
  /** The last one that the mesh did not refuse, before the newest. */
  let previous: Token | undefined
  let isRefused = false
  let readAtMs = Number.NEGATIVE_INFINITY

  function load(): Token {
    const age = now() - readAtMs
    // The age is negative after the clock was set back.
    if (age < 0 || age >= MAX_AGE_MS) {
      const found = parseToken(readTokenFile(file))
      if (found.text !== newest?.text) {
        if (!isRefused) previous = newest
        newest = found
        isRefused = false
      }
      readAtMs = now()
      onRead(found.expiresAtMs)
    }
    if (newest === undefined || newest.expiresAtMs <= now()) throw unavailable('has expired')
    return newest
  }

  function readPrevious(): string | undefined {
    return previous !== undefined && previous.expiresAtMs > now() ? previous.text : undefined
  }

  const read = () => {
    const { text } = load()
    return isRefused ? (readPrevious() ?? text) : text
  }
  return {
    read,
    readNewest: () => load().text,
    refuse: (used) => {
      // The previous one may be refused too, once the mesh has only the new key.
      isRefused = used === newest?.text
      return read() !== used
    },
    accept: (used) => {
      if (used === newest?.text) isRefused = false
    },
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
  const exp = readExpiry(Buffer.from(payload, 'base64url').toString('utf8'))
  if (!Number.isFinite(exp)) throw unavailable('has no valid expiry')
  return { text, expiresAtMs: Number(exp) * 1_000 }
}

function readExpiry(claims: string): unknown {
  try {
    return JSON.parse(claims)?.exp
  } catch {
    // Without the cause, because V8 quotes the payload in it.
    return undefined
  }
}

function unavailable(what: string, cause?: unknown): SignerError {
  return new SignerError('caller_token_unavailable', `the caller token ${what}`, { cause })
}
