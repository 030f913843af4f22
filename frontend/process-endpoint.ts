// POST /process: the processed message and its signature.
import * as z from 'zod/mini'
import { createConcurrencyLimit } from '../runtime/concurrency-limit.ts'
import { keyId, signature, text } from '../runtime/contract.ts'
import type { AppContext } from '../runtime/http/http-app.ts'
import { readJson } from '../runtime/json/json-body.ts'
import { processMessage } from './message.ts'
import type { AskSigner } from './signer-client.ts'

export const processRequest = z.strictObject({ message: text })

/** In the words of the use case. */
export const processResponse = z.strictObject({
  processed_message: text,
  signature,
  key_id: keyId,
})
export type ProcessResponse = z.output<typeof processResponse>

/**
 * Bodies on their way at once, at 64 KiB each: what the container's memory has room for. Apart from those that are being
 * signed, so that clients who are slow, or pretend to be, keep nobody from signing.
 */
const MAX_BODIES = 1_200

/**
 * Makes the handler, which has `maxRequests` messages signed at once. Answers ProcessResponse; throws AppError for what
 * does not validate, cannot be signed, or is too much.
 */
export function createProcessHandler(askSigner: AskSigner, maxRequests: number) {
  const reading = createConcurrencyLimit(MAX_BODIES)
  const signing = createConcurrencyLimit(maxRequests)
  return async function process(c: AppContext): Promise<Response> {
    const { requestId, trace } = c.var
    const { message } = await reading(() => readJson(c.req.raw, processRequest))
    const processed = processMessage(message)
    const signed = await signing(() => askSigner(processed, requestId, trace))
    const response: ProcessResponse = {
      processed_message: processed,
      signature: signed.signature,
      key_id: signed.keyId,
    }
    return c.json(response)
  }
}
