// Reads the JSON body of a request: exact size limit, strict UTF-8, then the schema. No error quotes the body.
import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'
import { MIMEType } from 'node:util'
import type * as z from 'zod/mini'
import { MAX_BODY_BYTES } from '../contract.ts'
import { AppError } from '../errors.ts'
import type { AppContext } from '../http/http-app.ts'
import { hasDuplicateNames, outlineJson } from './json-outline.ts'
import { parseJson } from './parse-json.ts'

const jsonType = 'application/json'
/** Names of UTF-8 and of its subset. RFC 8259 section 8.1 requires UTF-8, and defines no charset. */
const utf8 = /^(utf-?8|us-ascii)$/i
/** Enough for every route that takes one message or a list of texts. */
const MAX_PARTS = 2_000

/** `maxParts` bounds the parts of json-outline.ts. `checkBody` throws AppError. */
export type JsonBodyOptions = {
  maxBytes?: number
  maxParts?: number
  checkBody?: (body: Uint8Array) => void
}

const printableName = /^[A-Za-z0-9._-]{1,64}$/

/**
 * Reads at most `maxBytes`, calls `checkBody` with the bytes, then parses and validates them. `schema` may choose the
 * schema by the parsed value. Throws AppError: payload_too_large, unsupported_media_type, invalid_request, or an error
 * of `checkBody`.
 */
export async function readJson<T extends z.ZodMiniType>(
  c: AppContext,
  schema: T | ((value: unknown) => T),
  { maxBytes = MAX_BODY_BYTES, maxParts = MAX_PARTS, checkBody }: JsonBodyOptions = {},
): Promise<z.output<T>> {
  requireJson(c)
  const bytes = await readBytes(c, maxBytes)
  checkBody?.(bytes)
  const json = decodeUtf8(bytes)
  const outline = outlineJson(json, maxParts)
  if (outline.parts > maxParts) {
    throw new AppError('invalid_request', 'the body has too many values')
  }
  const value = parseJson(json)
  if (value === undefined) throw new AppError('invalid_request', 'the body must be JSON')
  const chosen = typeof schema === 'function' ? schema(value) : schema
  const result = chosen.safeParse(value)
  if (!result.success) throw explainIssue(result.error.issues[0])
  if (hasDuplicateNames(outline, value)) {
    throw new AppError('invalid_request', 'the body has a field twice')
  }
  return result.data
}

function requireJson({ req }: AppContext): void {
  if (!isJson(req.header('content-type') ?? '')) {
    throw new AppError('unsupported_media_type', 'content-type must be application/json in UTF-8')
  }
  // Some clients send identity, which means none (RFC 9110 section 8.4.1).
  if ((req.header('content-encoding') || 'identity').toLowerCase() !== 'identity') {
    throw new AppError('unsupported_media_type', 'the body must not have a content-encoding')
  }
}

// Ignores parameters that it does not know, and empty ones (RFC 9110 section 5.6.6).
function isJson(contentType: string): boolean {
  if (contentType === jsonType) return true
  try {
    const { essence, params } = new MIMEType(contentType)
    return essence === jsonType && utf8.test(params.get('charset') ?? 'utf-8')
  } catch {
    return false
  }
}

async function readBytes(c: AppContext, maxBytes: number): Promise<Buffer> {
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  // Without a server, as in unit tests, there is only a web stream.
  const body = c.env?.incoming ?? Readable.from(c.req.raw.body ?? [])
  return collect(body, maxBytes)
}

/** So many chunks become one. A client may send one byte in each, which takes hundreds of bytes of memory. */
const MERGED_CHUNKS = 100

// Listeners cost less than a web stream, or than `bytes` of a Request.
function collect(body: Readable, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let [length, count] = [0, 0]
    const fail = (cause?: unknown) =>
      reject(new AppError('invalid_request', 'the body is incomplete', { cause }))
    // It emits nothing more, because the client is gone.
    if (body.destroyed) return fail()
    body.on('data', function keep(chunk: Buffer) {
      length += chunk.length
      if (length > maxBytes) {
        // Destroying the stream would close the connection before the 413 is sent. The adapter drains it after the answer.
        body.off('data', keep).pause()
        return reject(tooLarge(maxBytes))
      }
      chunks.push(chunk)
      count += 1
      if (count % MERGED_CHUNKS === 0) chunks.push(Buffer.concat(chunks.splice(-MERGED_CHUNKS)))
    })
    body.on('end', () => resolve(Buffer.concat(chunks.splice(0))))
    body.on('error', fail)
    body.on('close', () => body.readableEnded || fail())
  })
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('payload_too_large', `the body is longer than ${maxBytes} bytes`)
}

function decodeUtf8(bytes: Buffer): string {
  // A decoder replaces invalid bytes by U+FFFD, so different bodies would become the same message.
  if (!isUtf8(bytes)) throw new AppError('invalid_request', 'the body must be UTF-8')
  const text = bytes.toString('utf8')
  // Some clients send a byte order mark. A parser may ignore it (RFC 8259 section 8.1).
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

/** Returns the error of the first issue that a schema has found. It quotes no value. */
export function explainIssue(issue: z.core.$ZodIssue | undefined): AppError {
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
