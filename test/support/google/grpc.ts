// The one gRPC method of Secret Manager that External Secrets calls, AccessSecretVersion: its frames and its two messages.
import type { Http2ServerRequest } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { ApiError, asApiError } from './api-error.ts'
import type { Serve } from './listener.ts'

export const accessPath = '/google.cloud.secretmanager.v1.SecretManagerService/AccessSecretVersion'
const PREFIX = 5
/** The first field of a message, with a length before it. */
const FIRST = 0x0a
const SECOND = 0x12

type Secret = { name: string; data: Buffer }

/** Serves the method. `access` returns the secret with that name, or throws ApiError. */
export function serveAccess(access: (request: Http2ServerRequest, name: string) => Secret): Serve {
  return async (request, response) => {
    const body = await buffer(request)
    response.writeHead(200, { 'content-type': 'application/grpc' })
    try {
      const answer = writeResponse(access(request, readRequest(body)))
      response.addTrailers({ 'grpc-status': '0' })
      response.end(answer)
    } catch (error) {
      const { code, message } = asApiError(error)
      const said = encodeURIComponent(message)
      response.addTrailers({ 'grpc-status': String(code.grpc), 'grpc-message': said })
      response.end()
    }
  }
}

/** Returns the name in an AccessSecretVersionRequest. */
function readRequest(body: Buffer): string {
  const isCompressed = body[0] !== 0
  const message = body.subarray(PREFIX)
  const { value: length, size } = readVarint(message, 1)
  const isWhole = message[0] === FIRST && message.length === 1 + size + length
  if (!isCompressed && isWhole) return message.subarray(1 + size).toString()
  throw new ApiError('INVALID_ARGUMENT', 'The request is no AccessSecretVersionRequest.')
}

/** Returns an AccessSecretVersionResponse in its frame. */
export function writeResponse({ name, data }: Secret): Buffer {
  const payload = writeField(FIRST, data)
  const message = Buffer.concat([writeField(FIRST, Buffer.from(name)), writeField(SECOND, payload)])
  const prefix = Buffer.alloc(PREFIX)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

function readVarint(bytes: Buffer, start: number): { value: number; size: number } {
  let value = 0
  for (let size = 1; ; size++) {
    const byte = bytes[start + size - 1] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * (size - 1))
    if (byte < 0x80) return { value, size }
  }
}

function writeField(tag: number, bytes: Buffer): Buffer {
  const head = [tag]
  let length = bytes.length
  for (; length >= 0x80; length = Math.floor(length / 0x80)) head.push((length & 0x7f) | 0x80)
  return Buffer.concat([Buffer.from([...head, length]), bytes])
}
