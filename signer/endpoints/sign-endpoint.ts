// POST /sign: the signature of one message.
import { signRequest } from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { acceptKeyId } from '../../runtime/previous-version.ts'
import { answer } from '../audited.ts'
import { signMessage } from '../message.ts'
import type { SigningDeps } from '../signing-deps.ts'

const schema = acceptKeyId(signRequest)

/**
 * Makes the handler. It answers SignResponse. It throws AppError if `admit` refuses the caller, the request is invalid,
 * or no key is loaded.
 */
export function createSignHandler({ getKeyRing, admit }: SigningDeps) {
  return async function sign(c: AppContext): Promise<Response> {
    const request = await readJson(c, schema, { checkBody: admit(c) })
    const response = signMessage(getKeyRing(), request)
    return answer(c, response, { outcome: 'signed', count: 1, key_id: response.key_id })
  }
}
