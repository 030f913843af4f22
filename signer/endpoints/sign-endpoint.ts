// POST /sign: the signature of one message.
import { type SignResponse, signRequest } from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { acceptKeyId } from '../../runtime/previous-version.ts'
import { answer } from '../audited.ts'
import { computeMac } from '../hmac.ts'
import { chooseKey } from '../keys/key-ring.ts'
import { decodeMessage } from '../message.ts'
import type { SigningDeps } from '../signing-deps.ts'

const schema = acceptKeyId(signRequest)

/**
 * Makes the handler. It answers SignResponse. It throws AppError if `admit` refuses the caller, the request is invalid,
 * or no key is loaded.
 */
export function createSignHandler(deps: SigningDeps) {
  const { getKeyRing, admit, countSignatures } = deps
  return async function sign(c: AppContext): Promise<Response> {
    const request = await readJson(c, schema, { checkBody: admit(c) })
    const key = chooseKey(getKeyRing(), request.key_id)
    const response: SignResponse = {
      signature: computeMac(key.material, decodeMessage(request.message, request.encoding)),
      key_id: key.id,
      algorithm: 'HMAC-SHA256',
    }
    countSignatures(key.id, 1)
    return answer(c, response, { outcome: 'signed', count: 1, key_id: key.id })
  }
}
