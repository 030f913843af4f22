// Signatures equal the published vectors of RFC 4231, and OpenSSL's with random keys.
import { execFileSync } from 'node:child_process'
import { createSecretKey, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signMessage } from '../../../signer/hmac.ts'

/** RFC 4231 section 4: key, data, HMAC-SHA-256. Case 5 is published with 128 bits only. */
const vectors = [
  {
    name: 'case 1',
    key: '0b'.repeat(20),
    data: '4869205468657265',
    mac: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  },
  {
    name: 'case 2, a key shorter than the output',
    key: '4a656665',
    data: '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
    mac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  {
    name: 'case 3, a message longer than a block',
    key: 'aa'.repeat(20),
    data: 'dd'.repeat(50),
    mac: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  },
  {
    name: 'case 4',
    key: '0102030405060708090a0b0c0d0e0f10111213141516171819',
    data: 'cd'.repeat(50),
    mac: '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  },
  {
    name: 'case 5, truncated',
    key: '0c'.repeat(20),
    data: Buffer.from('Test With Truncation').toString('hex'),
    mac: 'a3b6167473100ee06e0c796c2955552b',
  },
  {
    name: 'case 6, a key longer than a block',
    key: 'aa'.repeat(131),
    data: Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First').toString('hex'),
    mac: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  },
  {
    name: 'case 7, key and message longer than a block',
    key: 'aa'.repeat(131),
    data: Buffer.from(
      'This is a test using a larger than block-size key and a larger than block-size data. ' +
        'The key needs to be hashed before being used by the HMAC algorithm.',
    ).toString('hex'),
    mac: '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  },
]

describe('RFC 4231', () => {
  test.each(vectors)('$name', ({ key, data, mac }) => {
    const { signature: computed } = signMessage(
      createSecretKey(key, 'hex'),
      Buffer.from(data, 'hex'),
    )
    expect(computed).toMatch(/^[0-9a-f]{64}$/)
    expect(computed.slice(0, mac.length)).toBe(mac)
  })
})

test.each([
  { keyBytes: 14, messageBytes: 0 },
  { keyBytes: 32, messageBytes: 1 },
  { keyBytes: 64, messageBytes: 65_536 },
  { keyBytes: 65, messageBytes: 1_000 },
])('equals OpenSSL: $keyBytes bytes of key, $messageBytes of message', (lengths) => {
  const key = randomBytes(lengths.keyBytes)
  const message = randomBytes(lengths.messageBytes)
  expect(signMessage(createSecretKey(key), message).signature).toBe(opensslMac(key, message))
})

function opensslMac(key: Buffer, message: Buffer): string {
  const mac = ['-mac', 'HMAC', '-macopt', `hexkey:${key.toString('hex')}`]
  const output = execFileSync('openssl', ['dgst', '-sha256', ...mac], { input: message })
  return output.toString().trim().split(' ').at(-1) ?? ''
}
