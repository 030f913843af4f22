// The configuration must say whom the signer serves, so that a forgotten variable admits nobody.
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../../signer/config.ts'

const paths = {
  SIGNER_SOCKET: '/run/signer/signer.sock',
  SIGNER_KEY_DIR: '/run/key',
  SIGNER_FREEZE_DIR: '/run/freeze',
}
const caller = 'spiffe://cluster.local/ns/signing/sa/frontend'

describe('the signer serves', () => {
  test.each([
    ['its own Pod', { SIGNER_PAIRING_DIR: '/run/pairing' }, { pairingDir: '/run/pairing' }],
    ['an identity', { SIGNER_PAIRING_DIR: 'none', SIGNER_CALLER: caller }, { caller }],
  ])('%s', (_, variables, admission) => {
    expect(loadConfig({ ...paths, ...variables }).admission).toEqual(admission)
  })

  test.each([
    ['no variable', {}, 'SIGNER_PAIRING_DIR: must be set'],
    ['no control', { SIGNER_PAIRING_DIR: 'none' }, 'SIGNER_CALLER: must be set if'],
    ['an identity alone', { SIGNER_CALLER: caller }, 'SIGNER_PAIRING_DIR: must be set'],
    [
      'both controls',
      { SIGNER_PAIRING_DIR: '/run/pairing', SIGNER_CALLER: caller },
      'SIGNER_CALLER: must be set if SIGNER_PAIRING_DIR is none, and only then',
    ],
    [
      'an identity without a proxy that verifies it',
      { SIGNER_PEER: 'container', SIGNER_PAIRING_DIR: 'none', SIGNER_CALLER: caller },
      'SIGNER_PAIRING_DIR: must be set if SIGNER_PEER is container',
    ],
    [
      'an unknown peer',
      { SIGNER_PEER: 'mesh', SIGNER_PAIRING_DIR: '/run/pairing' },
      'SIGNER_PEER: must be',
    ],
    ['an empty identity', { SIGNER_PAIRING_DIR: 'none', SIGNER_CALLER: '' }, 'must be a SPIFFE id'],
    [
      'an identity that is not a SPIFFE id',
      { SIGNER_PAIRING_DIR: 'none', SIGNER_CALLER: 'frontend' },
      'a SPIFFE id',
    ],
    [
      'two identities',
      { SIGNER_PAIRING_DIR: 'none', SIGNER_CALLER: `${caller},${caller}` },
      'a SPIFFE id',
    ],
  ])('nobody with %s', (_, variables, problem) => {
    expect(() => loadConfig({ ...paths, ...variables })).toThrow(problem)
  })
})
