// Pairing, the control that does not depend on the mesh. At its start the signer writes a secret to a volume that only
// the frontend of the same Pod also mounts. It serves only requests that are signed with this secret. It keeps no nonces,
// because a replayed request returns the same signature of the same message.
//
// The signatures are HTTP Message Signatures (RFC 9421) with hmac-sha256. They cover the method, the path and the digest of the body.
// client/request-signature.ts signs, and clients/vectors.json holds examples.
import {
  createHmac,
  createSecretKey,
  hash,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../runtime/errors.ts'
import type { Admit } from './endpoints/endpoint-deps.ts'

const SECRET_FILE = 'secret'
/** The covered components, in this order. The signer accepts no other list. */
const COVERED = '("@method" "@path" "content-digest")'
const SIGNATURE_LABEL = 'sig1'
const KEY_ID = 'pairing'
const PAIRING_SECRET_BYTES = 32
/** Both containers share the node's clock. This allows for the time that a request waits. */
const MAX_AGE_SECONDS = 60
const inputPattern = new RegExp(`^${SIGNATURE_LABEL}=(\\(.*;created=(\\d{1,11});.*)$`)
const signaturePattern = new RegExp(`^${SIGNATURE_LABEL}=:([A-Za-z0-9+/]{43}=):$`)

/** Makes a new secret and writes it to `folder` in one step. Rejects with the system's error. */
export async function createPairingSecret(folder: string): Promise<KeyObject> {
  const secret = randomBytes(PAIRING_SECRET_BYTES)
  const file = join(folder, SECRET_FILE)
  // The frontend has another user id, so the file is readable by all. The volume mount is the boundary.
  await rm(`${file}.new`, { force: true })
  await writeFile(`${file}.new`, secret, { mode: 0o444 })
  await rename(`${file}.new`, file)
  const key = createSecretKey(secret)
  secret.fill(0)
  return key
}

/** Makes the check. It throws AppError pairing_refused. `now` returns milliseconds since 1970. */
export function createPairingCheck(secret: KeyObject, now: () => number = Date.now): Admit {
  return (c) => {
    const digest = c.req.header('content-digest') ?? ''
    const created = readCreated(c.req.header('signature-input') ?? '')
    const given = signaturePattern.exec(c.req.header('signature') ?? '')?.[1]
    if (created === undefined || given === undefined) throw refused('is missing or malformed')
    const parts = { method: c.req.method, path: c.req.path, digest, created }
    const expected = computeRequestSignature(secret, parts)
    if (!timingSafeEqual(Buffer.from(expected), Buffer.from(given))) throw refused('is wrong')
    if (Math.abs(now() / 1_000 - created) > MAX_AGE_SECONDS) throw refused('is too old or too new')
    return (body) => {
      if (computeContentDigest(body) !== digest) throw refused('belongs to another body')
    }
  }
}

/** Returns the creation time, or undefined for any other components or parameters than the frontend's. */
function readCreated(input: string): number | undefined {
  const [, params, digits] = inputPattern.exec(input) ?? []
  const created = Number(digits)
  return params === formatSignatureParams(created) ? created : undefined
}

function refused(what: string): AppError {
  return new AppError('pairing_refused', `the pairing signature ${what}`)
}

/** `path` has no query. `digest` is the value of Content-Digest. `created` is in seconds since 1970. */
type SignedParts = { method: string; path: string; digest: string; created: number }

/** Returns the value of Content-Digest (RFC 9530 section 2). */
export function computeContentDigest(body: Uint8Array): string {
  return `sha-256=:${hash('sha256', body, 'base64')}:`
}

/** Returns the value of @signature-params (RFC 9421 section 2.3), which Signature-Input repeats. */
function formatSignatureParams(created: number): string {
  return `${COVERED};created=${created};keyid="${KEY_ID}";alg="hmac-sha256"`
}

/** Returns the signature of a request in base64: HMAC-SHA256 over its signature base (RFC 9421, sections 2.5 and 3.3.3). */
function computeRequestSignature(secret: KeyObject, parts: SignedParts): string {
  const { method, path, digest, created } = parts
  const components = `"@method": ${method}\n"@path": ${path}\n"content-digest": ${digest}\n`
  const base = `${components}"@signature-params": ${formatSignatureParams(created)}`
  return createHmac('sha256', secret).update(base).digest('base64')
}
