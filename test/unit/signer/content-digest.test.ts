// The example of the RFC, byte for byte. test/unit/clients/vectors.test.ts checks signatures of requests.
import { expect, test } from 'vitest'
import { computeContentDigest } from '../../../signer/pairing.ts'

test('RFC 9530 appendix D: the digest of {"hello": "world"}, with a line feed', () => {
  expect(computeContentDigest(Buffer.from('{"hello": "world"}\n'))).toBe(
    'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
  )
})
