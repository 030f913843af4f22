// POST /process: the processed message and its signature.
import { z } from 'zod'
import { text } from '../runtime/contract.ts'
import type { AppContext } from '../runtime/http-app.ts'
import { readJson } from '../runtime/json-body.ts'
import { processMessage } from './message.ts'
import type { AskSigner } from './signer-client.ts'

const processRequest = z.strictObject({ message: text })

/** The wire form, in the words of the use case. */
export type ProcessResponse = { processed_message: string; signature: string; key_id: string }

/** Makes the handler. Answers ProcessResponse; throws AppError for what does not validate or cannot be signed. */
export function createProcessHandler(askSigner: AskSigner) {
  return async function process(c: AppContext): Promise<Response> {
    const { message } = await readJson(c.req.raw, processRequest)
    const processed = processMessage(message)
    const { signature, keyId } = await askSigner(processed, c.var.requestId)
    const response: ProcessResponse = { processed_message: processed, signature, key_id: keyId }
    return c.json(response)
  }
}
