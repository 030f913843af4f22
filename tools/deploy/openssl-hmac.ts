// HMAC-SHA256 by OpenSSL, for comparison with the signer's.
import { randomBytes } from 'node:crypto'
import { tryRun } from '../cli/exec.ts'
import { UserError } from '../cli/terminal.ts'

const blockBytes = 64

/**
 * HMAC-SHA256 in lower-case hex, equal to `openssl dgst -sha256 -mac HMAC -macopt hexkey:…`.
 *
 * That command takes the key only as an argument, where every user of the machine could read it in /proc. So the key
 * goes to OpenSSL's SHA-256 by stdin, put together as RFC 2104 section 2 says, and that this equals `-mac HMAC` is
 * shown each time with a random key that is worth nothing.
 */
export async function computeOpensslHmac(key: Uint8Array, message: Uint8Array): Promise<string> {
  const throwaway = randomBytes(key.length)
  const [ours, theirs, result] = await Promise.all([
    hmacByDigest(throwaway, message),
    openssl(['-mac', 'HMAC', '-macopt', `hexkey:${throwaway.toString('hex')}`], message),
    hmacByDigest(key, message),
  ])
  if (!ours.equals(theirs)) {
    throw new UserError(
      'openssl dgst -mac HMAC and RFC 2104 over its SHA-256 differ',
      'check `openssl version`',
    )
  }
  return result.toString('hex')
}

async function hmacByDigest(key: Uint8Array, message: Uint8Array): Promise<Buffer> {
  const block = Buffer.alloc(blockBytes)
  block.set(key.length > blockBytes ? await openssl([], key) : key)
  const inner = await openssl([], Buffer.concat([block.map((byte) => byte ^ 0x36), message]))
  return openssl([], Buffer.concat([block.map((byte) => byte ^ 0x5c), inner]))
}

async function openssl(options: readonly string[], input: Uint8Array): Promise<Buffer> {
  const result = await tryRun('openssl', ['dgst', '-sha256', ...options, '-r'], {
    input,
    timeoutMs: 5_000,
  })
  const hex = /^[0-9a-f]{64}/.exec(result.stdout)?.[0]
  if (result.code === 0 && hex !== undefined) return Buffer.from(hex, 'hex')
  throw new UserError(
    result.code === 127 ? 'openssl is not on the PATH' : `openssl failed: ${result.stderr.trim()}`,
    'install OpenSSL 1.1 or newer',
  )
}
