// POST /sign/batch: the signatures of many messages by one key, all or none.
import {
  MAX_BATCH_BODY_BYTES,
  type SignBatchResponse,
  signBatchRequest,
} from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { acceptKeyId } from '../../runtime/previous-version.ts'
import { answer } from '../audited.ts'
import { computeMac } from '../hmac.ts'
import { chooseKey } from '../keys/key-ring.ts'
import { decodeMessage } from '../message.ts'
import type { SigningDeps } from '../signing-deps.ts'

const schema = acceptKeyId(signBatchRequest)

/** Makes the handler. It answers SignBatchResponse. It throws like POST /sign, and names the invalid message. */
export function createSignBatchHandler(deps: SigningDeps) {
  const { getKeyRing, admit, countSignatures } = deps
  return async function signBatch(c: AppContext): Promise<Response> {
    const options = { maxBytes: MAX_BATCH_BODY_BYTES, checkBody: admit(c) }
    const request = await readJson(c, schema, options)
    const { messages, encoding } = request
    const key = chooseKey(getKeyRing(), request.key_id)
    const decoded = messages.map((each, index) =>
      decodeMessage(each, encoding, `messages.${index}`),
    )
    const response: SignBatchResponse = {
      key_id: key.id,
      algorithm: 'HMAC-SHA256',
      signatures: decoded.map((each) => computeMac(key.material, each)),
    }
    countSignatures(key.id, messages.length)
    return answer(c, response, { outcome: 'signed', count: messages.length, key_id: key.id })
  }
}
