// Pairing, the control that does not depend on the mesh. At its start the signer writes a secret to a volume that only
// the frontend of the same Pod also mounts. It serves only requests that are signed with this secret. It keeps no nonces,
// because a replayed request returns the same signature of the same message.
import { createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../runtime/errors.ts'
import type { Admit } from './caller-identity.ts'
import {
  computeContentDigest,
  computeRequestSignature,
  formatSignatureParams,
  PAIRING_SECRET_BYTES,
  SIGNATURE_LABEL,
} from './http-signature.ts'

const SECRET_FILE = 'secret'
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
