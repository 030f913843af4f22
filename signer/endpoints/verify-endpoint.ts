// POST /verify: whether a signature is by one of the keys. A wrong one is an answer, not an error.
import { type VerifyResponse, verifyRequest } from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { answer } from '../audited.ts'
import { verifyMac } from '../hmac.ts'
import type { GetKeyRing } from '../keys/key-holder.ts'
import { chooseKey } from '../keys/key-ring.ts'
import { decodeMessage } from '../message.ts'
import type { Admit } from '../signing-deps.ts'

/**
 * Makes the handler. Answers VerifyResponse, by the key that is asked for or else by any; throws AppError as POST /sign
 * does, and for a signature that can't be one.
 */
export function createVerifyHandler(getKeyRing: GetKeyRing, admit: Admit) {
  return async function verify(c: AppContext): Promise<Response> {
    const request = await readJson(c.req.raw, verifyRequest, { checkBody: admit(c) })
    const { message, encoding, signature, keyId } = request
    const decoded = decodeMessage(message, encoding)
    const ring = getKeyRing()
    const keys = keyId === undefined ? [...ring.keys.values()] : [chooseKey(ring, keyId)]
    // Every key is tried, also after a match: how long it takes does not tell which.
    const matches = keys.filter(({ material }) => verifyMac(material, decoded, signature))
    const [match] = matches
    const response: VerifyResponse =
      match === undefined ? { valid: false } : { valid: true, keyId: match.id }
    return answer(c, response, { outcome: 'verified', count: 1, ...(match && { keyId: match.id }) })
  }
}
