// POST /sign: the MAC of one message.
import { type SignResponse, signRequest } from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { answer } from '../audited.ts'
import { computeMac } from '../hmac.ts'
import { chooseKey } from '../keys/key-ring.ts'
import { decodeMessage } from '../message.ts'
import type { SigningDeps } from '../signing-deps.ts'

/**
 * Makes the handler. Answers SignResponse; throws AppError for whom `admit` refuses, for what does not validate, and
 * while there is no key.
 */
export function createSignHandler(deps: SigningDeps) {
  const { getKeyRing, admit, countSignatures } = deps
  return async function sign(c: AppContext): Promise<Response> {
    const request = await readJson(c.req.raw, signRequest, { checkBody: admit(c) })
    const key = chooseKey(getKeyRing(), request.keyId)
    const response: SignResponse = {
      signature: computeMac(key.material, decodeMessage(request.message, request.encoding)),
      keyId: key.id,
      algorithm: 'HMAC-SHA256',
    }
    countSignatures(key.id, 1)
    return answer(c, response, { outcome: 'signed', count: 1, keyId: key.id })
  }
}
