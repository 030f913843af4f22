// The frontend's API as an OpenAPI 3.1 document, made from the schemas that validate requests.
import * as z from 'zod/mini'
import packageJson from '../package.json' with { type: 'json' }
import { MAX_BODY_BYTES } from '../runtime/contract.ts'
import { type ErrorCode, statusOf } from '../runtime/errors.ts'
import { processRequest, processResponse } from './process-endpoint.ts'

/** The errors of POST /process. */
const errors: readonly (readonly [ErrorCode, string])[] = [
  [
    'invalid_request',
    'The body is not a JSON object with a message. `field` names the invalid field.',
  ],
  [
    'payload_too_large',
    `The body or the processed message is longer than ${MAX_BODY_BYTES} bytes.`,
  ],
  [
    'unsupported_media_type',
    'The body is not application/json in UTF-8, or has a content encoding.',
  ],
  ['rate_limited', "The signer's limit is reached. Try again after Retry-After."],
  ['internal', 'The frontend failed. Its log has the reason.'],
  [
    'signer_unavailable',
    'No signature is available. Try again after Retry-After, if there is one.',
  ],
  ['signer_timeout', 'The signer did not answer in time.'],
]

const problem = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(statusOf)),
  request_id: z.string(),
  field: z.optional(z.string()),
  retry_after: z.optional(z.int()),
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
      version: packageJson.version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: {
      '/process': {
        post: {
          operationId: 'process',
          summary: 'Converts a message to upper case and signs it with HMAC-SHA256.',
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
  // The dialect is the default of OpenAPI.
  const { $schema: _, ...rest } = z.toJSONSchema(schema)
  return rest
}
