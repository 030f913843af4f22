// What make deploy says of a signer without keys is the signer's own reason, and nothing where it has some.
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

describe('a signer without a key that it can use', () => {
  test.each([
    ['alone', [refused('new')]],
    ['whose probes alone are left', [probed('new'), probed('new')]],
    ['beside one that has keys', [loaded('old'), refused('new'), loaded('old')]],
    [
      'whose log has other lines',
      ['', 'no JSON', refused('new'), '[pod/new/signer] {"event":"x"}'],
    ],
  ])('%s is told, with the reason that its log has', (_, lines) => {
    expect(describeRefusedKeys(lines.join('\n'))).toMatchObject({
      message: `the signer has no key that it can use: ${reason}`,
      todo: expect.stringContaining('mend the Secret hmac-key'),
    })
  })

  test.each([
    ['has been mended', [refused('new'), loaded('new')]],
    ['goes on with its old keys', [loaded('old'), refused('old', true)]],
    ['was asked too early', [probed('new'), loaded('new')]],
    ['has said nothing', ['']],
  ])('is not one that %s', (_, lines) => {
    expect(describeRefusedKeys(lines.join('\n'))).toBeUndefined()
  })
})
