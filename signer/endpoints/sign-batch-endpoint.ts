// POST /sign/batch: the MACs of many messages with one key, all or none.
import {
  MAX_BATCH_BODY_BYTES,
  type SignBatchResponse,
  signBatchRequest,
} from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { answer } from '../audited.ts'
import { computeMac } from '../hmac.ts'
import { chooseKey } from '../keys/key-ring.ts'
import { decodeMessage } from '../message.ts'
import type { SigningDeps } from '../signing-deps.ts'

/** Makes the handler. Answers SignBatchResponse; throws as POST /sign does, naming the message. */
export function createSignBatchHandler(deps: SigningDeps) {
  const { getKeyRing, admit, countSignatures } = deps
  return async function signBatch(c: AppContext): Promise<Response> {
    const options = { maxBytes: MAX_BATCH_BODY_BYTES, checkBody: admit(c) }
    const { messages, encoding, keyId } = await readJson(c.req.raw, signBatchRequest, options)
    const key = chooseKey(getKeyRing(), keyId)
    const decoded = messages.map((each, index) =>
      decodeMessage(each, encoding, `messages.${index}`),
    )
    const response: SignBatchResponse = {
      keyId: key.id,
      algorithm: 'HMAC-SHA256',
      signatures: decoded.map((each) => computeMac(key.material, each)),
    }
    countSignatures(key.id, messages.length)
    return answer(c, response, { outcome: 'signed', count: messages.length, keyId: key.id })
  }
}
