// Computes HMAC-SHA256 and HKDF-SHA256 by OpenSSL, to compare them with the signer's.
import { randomBytes } from 'node:crypto'
import { tryRun } from '../cli/exec.ts'
import { UserError } from '../cli/terminal.ts'

const blockBytes = 64
const hashBytes = 32

/**
 * Returns the HMAC-SHA256 in lower-case hexadecimal, as `openssl dgst -sha256 -mac HMAC -macopt hexkey:…` prints it.
 *
 * That command needs the key as an argument, which every user of the machine can read in /proc. So this passes the key to
 * OpenSSL's SHA-256 through stdin, and computes the HMAC by RFC 2104 section 2. Each call also checks with a random key that
 * both are equal.
 */
export async function computeOpensslHmac(key: Uint8Array, message: Uint8Array): Promise<string> {
  const testKey = randomBytes(key.length)
  const [byDigest, byMac, result] = await Promise.all([
    hmacByDigest(testKey, message),
    openssl(['-mac', 'HMAC', '-macopt', `hexkey:${testKey.toString('hex')}`], message),
    hmacByDigest(key, message),
  ])
  if (!byDigest.equals(byMac)) {
    throw new UserError(
      'openssl dgst -mac HMAC does not equal RFC 2104 with its SHA-256',
      'Install another version of OpenSSL. `openssl version` prints the current one.',
    )
  }
  return result.toString('hex')
}

/** Returns 32 bytes by RFC 5869 without salt. */
export async function computeOpensslHkdf(key: Uint8Array, info: string): Promise<Buffer> {
  const extracted = await computeOpensslHmac(Buffer.alloc(hashBytes), key)
  const block = Buffer.concat([Buffer.from(info), Buffer.of(1)])
  return Buffer.from(await computeOpensslHmac(Buffer.from(extracted, 'hex'), block), 'hex')
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
    'Install OpenSSL 1.1 or newer.',
  )
}
