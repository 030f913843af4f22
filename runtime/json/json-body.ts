// Reads a request's JSON body: exact limit, strict UTF-8, then the schema. Nothing of the payload is in an error.
import { isUtf8 } from 'node:buffer'
import type * as z from 'zod/mini'
import { MAX_BATCH_MESSAGES, MAX_BODY_BYTES } from '../contract.ts'
import { AppError } from '../errors.ts'
import { hasDuplicateNames, outlineJson } from './json-outline.ts'

const jsonType = /^application\/json[ \t]*(;[ \t]*charset="?utf-8"?[ \t]*)?$/i
/** `checkBody`: throws AppError. */
export type JsonBodyOptions = { maxBytes?: number; checkBody?: (body: Uint8Array) => void }

/** Twice the largest batch, so that one that is a little too large is told so. */
const MAX_PARTS = 2 * MAX_BATCH_MESSAGES
const printableName = /^[A-Za-z0-9._-]{1,64}$/

/**
 * Reads at most `maxBytes`, parses and validates; `checkBody` sees the bytes first. Throws AppError: payload_too_large,
 * unsupported_media_type or invalid_request, and what `checkBody` throws.
 */
export async function readJson<T extends z.ZodMiniType>(
  request: Request,
  schema: T,
  { maxBytes = MAX_BODY_BYTES, checkBody }: JsonBodyOptions = {},
): Promise<z.output<T>> {
  requireJson(request.headers)
  const bytes = await readBytes(request, maxBytes)
  checkBody?.(bytes)
  const json = decodeUtf8(bytes)
  const outline = outlineJson(json, MAX_PARTS)
  if (outline.parts > MAX_PARTS) {
    throw new AppError('invalid_request', 'the body has more values than any request has')
  }
  const value = parseJson(json)
  const result = schema.safeParse(value)
  if (!result.success) throw explain(result.error.issues[0])
  if (hasDuplicateNames(outline, value)) {
    throw new AppError('invalid_request', 'the body must not have a field twice')
  }
  return result.data
}

function requireJson(headers: Headers): void {
  if (!jsonType.test(headers.get('content-type') ?? '')) {
    throw new AppError('unsupported_media_type', 'content-type must be application/json')
  }
  if (headers.has('content-encoding')) {
    throw new AppError('unsupported_media_type', 'the body must not have a content-encoding')
  }
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const announced = request.headers.get('content-length')
  if (announced !== null && Number(announced) > maxBytes) throw tooLarge(maxBytes)
  try {
    // The HTTP parser hands over no more than the announced length, so this is bounded; and it is the fast way.
    return announced === null ? await readChunks(request.body, maxBytes) : await request.bytes()
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('invalid_request', 'the body did not arrive in full', { cause: error })
  }
}

async function readChunks(body: Request['body'], maxBytes: number): Promise<Uint8Array> {
  if (body === null) return new Uint8Array()
  // Not `for await`: leaving it cancels the stream, which closes the connection before the 413 is out.
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks)
    length += value.byteLength
    if (length > maxBytes) throw tooLarge(maxBytes)
    chunks.push(value)
  }
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('payload_too_large', `the body must not be over ${maxBytes} bytes`)
}

function decodeUtf8(bytes: Uint8Array): string {
  // Decoders put U+FFFD in the place of what is no UTF-8, and different bodies would become one message.
  if (!isUtf8(bytes)) throw new AppError('invalid_request', 'the body must be UTF-8')
  const { buffer, byteOffset, byteLength } = bytes
  return Buffer.from(buffer, byteOffset, byteLength).toString('utf8')
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    // Without the cause: V8 quotes the payload in it.
    throw new AppError('invalid_request', 'the body must be JSON')
  }
}

function explain(issue: z.core.$ZodIssue | undefined): AppError {
  if (issue?.code === 'unrecognized_keys') {
    const field = issue.keys[0] ?? ''
    const options = printableName.test(field) ? { field } : {}
    return new AppError('invalid_request', 'unknown field', options)
  }
  const field = issue?.path.join('.') ?? ''
  if (issue === undefined || field === '') {
    return new AppError('invalid_request', 'the body must be a JSON object')
  }
  return new AppError('invalid_request', `${field}: ${issue.message}`, { field })
}
