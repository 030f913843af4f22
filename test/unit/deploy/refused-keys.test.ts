// How make deploy explains a signer without a usable key: with the reason from the signer's log.
import { describe, expect, test } from 'vitest'
import { describeRefusedKeys } from '../../../tools/deploy/apply/refused-keys.ts'

const reason =
  'key "HMAC_KEY" ends with a newline: write it with --from-literal or printf, which add no newline'
const refused = (pod: string, keptOld = false) =>
  `[pod/${pod}/signer] ${JSON.stringify({ level: 'error', event: 'keys_refused', reason, kept_old: keptOld })}`
const probed = (pod: string) =>
  `[pod/${pod}/signer] ${JSON.stringify({ event: 'request_failed', code: 'key_unavailable', detail: reason })}`
const loaded = (pod: string) =>
  `[pod/${pod}/signer] {"event":"keys_loaded","primary":"a","count":1}`

describe('the reason in the log', () => {
  test.each([
    ['one signer', [refused('new')]],
    ['a signer whose log has only probes', [probed('new'), probed('new')]],
    ['one of two signers', [loaded('old'), refused('new'), loaded('old')]],
    [
      'a signer whose log has other lines',
      ['', 'no JSON', refused('new'), '[pod/new/signer] {"event":"x"}'],
    ],
  ])('is in the error for %s', (_, lines) => {
    expect(describeRefusedKeys(lines.join('\n'))).toMatchObject({
      message: `the signer has no usable key: ${reason}`,
      todo: expect.stringContaining('Fix the Secret hmac-key'),
    })
  })

  test.each([
    ['has loaded its keys since', [refused('new'), loaded('new')]],
    ['keeps its old keys', [loaded('old'), refused('old', true)]],
    ['loaded its keys after a first probe', [probed('new'), loaded('new')]],
    ['has an empty log', ['']],
  ])('makes no error for a signer that %s', (_, lines) => {
    expect(describeRefusedKeys(lines.join('\n'))).toBeUndefined()
  })
})
