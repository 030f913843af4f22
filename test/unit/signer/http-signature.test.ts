// The examples of the RFCs, byte for byte. test/unit/clients/vectors.test.ts checks signatures of requests.
import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  buildSignatureBase,
  computeContentDigest,
  signBase,
} from '../../../signer/http-signature.ts'

// RFC 9421 appendix B.1.5: the published key of the examples.
const exampleKey = createSecretKey(
  Buffer.from(
    'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
    'base64',
  ),
)

test('RFC 9421 B.2.5: a request signed with hmac-sha256', () => {
  const base = buildSignatureBase(
    [
      ['date', 'Tue, 20 Apr 2021 02:07:55 GMT'],
      ['@authority', 'example.com'],
      ['content-type', 'application/json'],
    ],
    '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
  )
  expect(signBase(exampleKey, base).toString('base64')).toBe(
    'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
  )
})

test('RFC 9530 appendix D: the digest of {"hello": "world"}, with a line feed', () => {
  expect(computeContentDigest(Buffer.from('{"hello": "world"}\n'))).toBe(
    'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
  )
})
