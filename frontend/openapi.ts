// The frontend's interface as an OpenAPI 3.1 document, made of the schemas that requests are validated by.
import * as z from 'zod/mini'
import { MAX_BODY_BYTES } from '../runtime/contract.ts'
import { type ErrorCode, statusOf } from '../runtime/errors.ts'
import { processRequest, processResponse } from './process-endpoint.ts'

/** What POST /process may be answered with besides a signature. */
const errors: readonly (readonly [ErrorCode, string])[] = [
  ['invalid_request', 'The body is no JSON object with a message; `field` names what is wrong.'],
  ['payload_too_large', `The body, or what is made of it, is over ${MAX_BODY_BYTES} bytes.`],
  ['unsupported_media_type', 'The body is not application/json.'],
  ['internal', 'It failed for a reason that the log tells.'],
  ['signer_unavailable', 'There is no signature to be had now; try again after Retry-After.'],
  ['signer_timeout', 'The signer was too late.'],
]

const problem = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(statusOf)),
  requestId: z.string(),
  field: z.optional(z.string()),
})

/** Returns the document (https://spec.openapis.org/oas/v3.1.1). */
export function describeApi(): object {
  const answers = errors.map(([code, description]) => [
    statusOf[code],
    { description, content: { 'application/problem+json': { schema: toSchema(problem) } } },
  ])
  const ok = {
    description: 'The processed message, its signature and the id of the key.',
    content: { 'application/json': { schema: toSchema(processResponse) } },
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'secure-signing',
      version: '1',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: {
      '/process': {
        post: {
          operationId: 'process',
          summary: 'Upper-cases a message and signs it with HMAC-SHA256.',
          requestBody: {
            required: true,
            content: { 'application/json': { schema: toSchema(processRequest) } },
          },
          responses: { 200: ok, ...Object.fromEntries(answers) },
        },
      },
    },
  }
}

function toSchema(schema: z.ZodMiniType): object {
  // The dialect is OpenAPI's own default.
  const { $schema: _, ...rest } = z.toJSONSchema(schema)
  return rest
}
