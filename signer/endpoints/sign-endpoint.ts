// POST /sign: the signature of one message.
import { type SignResponse, signRequest } from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { acceptKeyId } from '../../runtime/previous-version.ts'
import { answer } from '../audited.ts'
import { decodeMessage } from '../message.ts'
import type { SigningDeps } from '../signing-deps.ts'

const schema = acceptKeyId(signRequest)

/**
 * Makes the handler. It answers SignResponse. It throws AppError if `admit` refuses the caller, the request is invalid,
 * or as SignMessages does.
 */
export function createSignHandler({ sign, admit }: SigningDeps) {
  return async function signOne(c: AppContext): Promise<Response> {
    const request = await readJson(c, schema, { checkBody: admit(c) })
    const message = decodeMessage(request.message, request.encoding)
    const { keyId, signatures, fingerprints } = sign(request.key_id, [message])
    const [signature = ''] = signatures
    const response: SignResponse = { signature, key_id: keyId, algorithm: 'HMAC-SHA256' }
    return answer(c, response, { outcome: 'signed', count: 1, key_id: keyId, fingerprints })
  }
}
