// POST /sign: the MAC of one message.
import { type SignRequest, type SignResponse, signRequest } from '../runtime/contract.ts'
import { AppError } from '../runtime/errors.ts'
import type { AppContext } from '../runtime/http-app.ts'
import { readJson } from '../runtime/json-body.ts'
import { computeMac } from './hmac.ts'
import type { GetKeyRing } from './key-holder.ts'
import type { Key, KeyRing } from './key-ring.ts'
import type { Admit } from './pairing.ts'

/**
 * Makes the handler. Answers SignResponse; throws AppError for whom `admit` refuses, for what does not validate, and
 * while there is no key.
 */
export function createSignHandler(getKeyRing: GetKeyRing, admit: Admit) {
  return async function sign(c: AppContext): Promise<Response> {
    const request = await readJson(c.req.raw, signRequest, admit(c))
    const key = chooseKey(getKeyRing(), request.keyId)
    const response: SignResponse = {
      signature: computeMac(key.material, decodeMessage(request)),
      keyId: key.id,
      algorithm: 'HMAC-SHA256',
    }
    return c.json(response)
  }
}

function chooseKey(ring: KeyRing, id: string | undefined): Key {
  const key = id === undefined ? ring.primary : ring.keys.get(id)
  if (key !== undefined) return key
  throw new AppError('invalid_request', 'keyId: no such key', { field: 'keyId' })
}

/** The bytes that are signed. Base64 is that of RFC 4648 section 4, padded and canonical: one text for each bytes. */
function decodeMessage({ message, encoding }: SignRequest): Buffer {
  const bytes = Buffer.from(message, encoding)
  // Node's decoder passes over what it does not know.
  if (encoding === 'utf8' || bytes.toString('base64') === message) return bytes
  throw new AppError('invalid_request', 'message: must be base64', { field: 'message' })
}
