// The one gRPC method of Secret Manager that External Secrets calls, AccessSecretVersion: its frames and its two messages.
import { ApiError } from './api-error.ts'

export const accessPath = '/google.cloud.secretmanager.v1.SecretManagerService/AccessSecretVersion'
const PREFIX = 5
/** The first field of a message, with a length before it. */
const FIRST = 0x0a
const SECOND = 0x12

/** Returns the name in an AccessSecretVersionRequest. */
export function readRequest(body: Buffer): string {
  const isCompressed = body[0] !== 0
  const message = body.subarray(PREFIX)
  const { value: length, size } = readVarint(message, 1)
  const isWhole = message[0] === FIRST && message.length === 1 + size + length
  if (!isCompressed && isWhole) return message.subarray(1 + size).toString()
  throw new ApiError('INVALID_ARGUMENT', 'The request is no AccessSecretVersionRequest.')
}

/** Returns an AccessSecretVersionResponse in its frame. */
export function writeResponse({ name, data }: { name: string; data: Buffer }): Buffer {
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
