// POST /verify: whether one of the keys made a signature. A wrong signature is an answer, not an error.
import { type VerifyResponse, verifyRequest } from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { acceptKeyId } from '../../runtime/previous-version.ts'
import { answer } from '../audited.ts'
import { verifyMac } from '../hmac.ts'
import { chooseKey } from '../keys/key-ring.ts'
import { decodeMessage } from '../message.ts'
import type { VerifyingDeps } from '../signing-deps.ts'

const schema = acceptKeyId(verifyRequest)

/**
 * Makes the handler. It answers VerifyResponse for the requested key, or else for any key. It throws AppError like
 * POST /sign, and for a malformed signature.
 */
export function createVerifyHandler({ getKeyRing, admit, spendVerification }: VerifyingDeps) {
  return async function verify(c: AppContext): Promise<Response> {
    const request = await readJson(c, schema, { checkBody: admit(c) })
    const { message, encoding, signature, key_id: keyId } = request
    const decoded = decodeMessage(message, encoding)
    const ring = getKeyRing()
    const keys = keyId === undefined ? [...ring.keys.values()] : [chooseKey(ring, keyId)]
    spendVerification()
    // Every key is tried, even after a match, so the duration does not reveal which key matched.
    const matches = keys.filter(({ material }) => verifyMac(material, decoded, signature))
    const [match] = matches
    const response: VerifyResponse =
      match === undefined ? { valid: false } : { valid: true, key_id: match.id }
    const keyUsed = match && { key_id: match.id }
    return answer(c, response, { outcome: 'verified', count: 1, ...keyUsed })
  }
}
