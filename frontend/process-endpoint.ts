// POST /process: processes a message and has it signed.
import * as z from 'zod/mini'
import { createConcurrencyLimit } from '../runtime/concurrency-limit.ts'
import { keyId, signature, text } from '../runtime/contract.ts'
import { type AppContext, makeAnswer } from '../runtime/http/http-app.ts'
import { readJson } from '../runtime/json/json-body.ts'
import { processMessage } from './message.ts'
import type { AskSigner } from './signer-client.ts'
import { readTraceContext } from './trace-context.ts'

const describe = <T extends z.ZodMiniType>(schema: T, meaning: string) =>
  schema.check(z.describe(meaning))
const message = describe(text, 'well-formed Unicode, without lone surrogates')

export const processRequest = z.strictObject({ message })

export const processResponse = z.strictObject({
  processed_message: message,
  signature: describe(signature, 'HMAC-SHA256 in lower-case hex'),
  key_id: describe(keyId, "a key's id: the name of its entry in the Secret"),
})
export type ProcessResponse = z.output<typeof processResponse>

/**
 * How many bodies are read at once. At 64 KiB each, more would not fit into the container's memory. The limit for signing
 * is separate, so that slow clients cannot block others.
 */
const MAX_BODIES = 1_200

/**
 * Makes the handler, which has at most `maxRequests` messages signed at once. It answers ProcessResponse. It throws
 * AppError if the request is invalid or excess, or the message cannot be signed.
 */
export function createProcessHandler(askSigner: AskSigner, maxRequests: number) {
  const reading = createConcurrencyLimit(MAX_BODIES)
  const signing = createConcurrencyLimit(maxRequests)
  return async function process(c: AppContext): Promise<Response> {
    const endReading = reading()
    const { message } = await readJson(c, processRequest).finally(endReading)
    const processed = processMessage(message)
    const trace = readTraceContext(c.req.header('traceparent'), c.req.header('tracestate'))
    const endSigning = signing()
    const signed = await askSigner(processed, c.get('requestId'), trace).finally(endSigning)
    const response: ProcessResponse = {
      processed_message: processed,
      signature: signed.signature,
      key_id: signed.key_id,
    }
    return makeAnswer(c, JSON.stringify(response))
  }
}
