// Whom the signer serves has to be said, one way or the other: what was forgotten opens nothing.
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../../signer/config.ts'

const paths = { SIGNER_SOCKET: '/run/signer/signer.sock', SIGNER_KEY_DIR: '/run/key' }
const caller = 'spiffe://cluster.local/ns/signing/sa/frontend'

describe('whom the signer serves', () => {
  test.each([
    ['its own Pod', { SIGNER_PAIRING_DIR: '/run/pairing' }, { pairingDir: '/run/pairing' }],
    ['an identity', { SIGNER_PAIRING_DIR: 'none', SIGNER_CALLER: caller }, { caller }],
  ])('is %s', (_, variables, lock) => {
    expect(loadConfig({ ...paths, ...variables }).lock).toEqual(lock)
  })

  test.each([
    ['nothing', {}, 'SIGNER_PAIRING_DIR: must be set'],
    ['nobody', { SIGNER_PAIRING_DIR: 'none' }, 'SIGNER_CALLER: must be set where'],
    ['an identity alone', { SIGNER_CALLER: caller }, 'SIGNER_PAIRING_DIR: must be set'],
    [
      'both',
      { SIGNER_PAIRING_DIR: '/run/pairing', SIGNER_CALLER: caller },
      'SIGNER_CALLER: must be set where SIGNER_PAIRING_DIR is none, and only there',
    ],
    ['anybody', { SIGNER_PAIRING_DIR: 'none', SIGNER_CALLER: '' }, 'must be a SPIFFE id'],
    ['no identity', { SIGNER_PAIRING_DIR: 'none', SIGNER_CALLER: 'frontend' }, 'a SPIFFE id'],
    ['two', { SIGNER_PAIRING_DIR: 'none', SIGNER_CALLER: `${caller},${caller}` }, 'a SPIFFE id'],
  ])('is not %s', (_, variables, problem) => {
    expect(() => loadConfig({ ...paths, ...variables })).toThrow(problem)
  })
})
