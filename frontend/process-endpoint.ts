// POST /process: the processed message and its signature.
import * as z from 'zod/mini'
import { keyId, signature, text } from '../runtime/contract.ts'
import type { AppContext } from '../runtime/http-app.ts'
import { readJson } from '../runtime/json-body.ts'
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

/** Makes the handler. Answers ProcessResponse; throws AppError for what does not validate or cannot be signed. */
export function createProcessHandler(askSigner: AskSigner) {
  return async function process(c: AppContext): Promise<Response> {
    const { message } = await readJson(c.req.raw, processRequest)
    const processed = processMessage(message)
    const signed = await askSigner(processed, c.var.requestId)
    const response: ProcessResponse = {
      processed_message: processed,
      signature: signed.signature,
      key_id: signed.keyId,
    }
    return c.json(response)
  }
}
