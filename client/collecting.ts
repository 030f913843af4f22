// Collects the requests of an application: those that may share a call. Every other request goes as it is.
import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { toAnswer } from './collected-answer.ts'
import { type CollectorOptions, createCollector } from './collector.ts'
import type { Answer } from './http-client.ts'
import { type SignerRequest, withDeadline } from './signed-request.ts'
import type { Message } from './waiting-messages.ts'

/** A larger one gains little, and would keep others waiting. */
const MAX_BYTES = 16 * 1024
const json = /^application\/json(;\s*charset=utf-8)?$/i
const saneId = /^[A-Za-z0-9._-]{1,64}$/
/** W3C Trace Context, section 3.2.2. */
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/
/** What a raw message and a webhook may have. */
const rawFields = new Set(['message', 'encoding', 'key_id'])
const webhookFields = new Set(['body', 'encoding', 'id', 'consumer', 'consumer_versions', 'key_id'])

/** A request that waits is not sent after `isOver` returns true. */
export type SendCollected = (request: SignerRequest, isOver?: () => boolean) => Promise<Answer>

/** Makes the function that sends requests. */
export function createCollecting(options: CollectorOptions): SendCollected {
  const collect = createCollector(options)
  const sendAsIs = withDeadline(options.send, options.timeoutMs)
  return async (request, isOver) => {
    const message = readMessage(request, options.path)
    if (message === undefined) return sendAsIs(request)
    return toAnswer(await collect({ ...message, ...(isOver && { isOver }) }), message.requestId)
  }
}

/** Returns undefined for a request that must not share a call. */
function readMessage(request: SignerRequest, signPath: string): Message | undefined {
  const { method, path = signPath, headers = {}, body } = request
  const requestId = headers['x-request-id'] ?? randomUUID()
  if (
    method !== 'POST' ||
    path !== signPath ||
    !json.test(String(headers['content-type'])) ||
    headers['content-encoding'] !== undefined ||
    typeof requestId !== 'string' ||
    !saneId.test(requestId) ||
    body.length > MAX_BYTES ||
    !isUtf8(body)
  ) {
    return undefined
  }
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  const [, traceId] = traceparent.exec(String(headers.traceparent)) ?? []
  const fields = readCanonical(text)
  if (fields === undefined) return undefined
  const webhook = 'body' in fields ? { id: fields.id as string | undefined } : undefined
  return { text, requestId, traceId, headers, webhook }
}

/**
 * Reads the text of an object with known fields, as JSON.stringify writes it: without spaces, and with no field twice. Returns
 * undefined for any other text.
 */
function readCanonical(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const known = 'body' in value ? webhookFields : rawFields
    const areKnown = Object.entries(value).every(([name, each]) => {
      return known.has(name) && (name === 'consumer_versions' ? isNumbers(each) : isText(each))
    })
    const isComplete = 'body' in value || 'message' in value
    return areKnown && isComplete && JSON.stringify(value) === text ? { ...value } : undefined
  } catch {
    return undefined
  }
}

const isText = (value: unknown) => typeof value === 'string'
const isNumbers = (value: unknown) =>
  Array.isArray(value) && value.every((each) => typeof each === 'number')
