// The manager lets only External Secrets read the key, with a token of key-reader that it requests each time.
import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { readKeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace, serviceAccount } from '../../../tools/kube/names.ts'
import { readTokenIssuer } from '../../../tools/kube/token-issuer.ts'
import { findTarget, stealCredentials } from '../../../tools/verify/attack/target.ts'
import { issueShortLived, issueToken, signLike } from '../../../tools/verify/attack/tokens.ts'
import { failing, readAgain, readWarnings, synced, syncUntil } from './external-secret.ts'
import { reader, withStoreOfAnother } from './other-reader.ts'
import type { Session } from './session.ts'

const operator = 'system:serviceaccount:external-secrets:external-secrets'

export function testIdentities(load: () => Session): void {
  test('External Secrets presents a new token of key-reader each time, for this manager and for its time', async () => {
    const { issuer } = await readTokenIssuer()
    const { accepted, token } = load().manager
    const known = accepted.length
    for (let count = 0; count < 4; count++) await readAgain()
    const shown = accepted.slice(known).map((each) => decodeJwt(each))
    expect(shown.length).toBeGreaterThan(3)
    expect(new Set(shown.map(({ jti }) => jti)).size).toBe(shown.length)
    for (const { iss, sub, aud, iat = 0, exp = 0 } of shown) {
      const wanted = { iss: issuer, sub: `system:serviceaccount:${namespace}:${reader}` }
      expect({ iss, sub, aud }).toEqual({ ...wanted, aud: [token.audience] })
      expect(exp - iat).toBe(token.seconds)
    }
  })

  test('the manager takes a token of key-reader, and none of another, for another, forged or expired', async () => {
    const { presentToken, token } = load().manager
    const before = (await readKeySecret()).data
    const good = await issueReaderToken(token.audience)
    expect(await presentToken(good)).toMatchObject({ granted: true })
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    for (const [what, refused, reason] of [
      ['another ServiceAccount', await issueToken(serviceAccount, token.audience), /sub/],
      ['another audience', await issueReaderToken('signer'), /aud/],
      ["the frontend's", (await stealCredentials(await findTarget())).token, /sub|aud/],
      ['forged', await signLike(good, {}, privateKey), /signature/],
      ['expired', await issueShortLived(good, -60), /exp/],
    ] as const) {
      const answer = await presentToken(refused)
      console.info(`a token: ${what}: ${answer.reason}`)
      expect([what, answer]).toEqual([
        what,
        { granted: false, reason: expect.stringMatching(reason) },
      ])
    }
    expect(await presentToken(good)).toMatchObject({ granted: true })
    expect((await readKeySecret()).data).toEqual(before)
  })

  test('a SecretStore with another ServiceAccount reads nothing, and the Secret stays', async () => {
    const { says } = load().manager
    const { data } = await readKeySecret()
    const start = new Date()
    await withStoreOfAnother(async () => {
      await syncUntil(failing)
      expect((await readKeySecret()).data).toEqual(data)
    })
    await syncUntil(synced)
    expect((await readWarnings(start)).join('\n')).toMatch(says.refused)
  })

  test('nobody else is given a token for it by the API server, cluster-admin included', async () => {
    await expect(issueToken(reader, load().manager.token.audience)).rejects.toThrow(
      `only ${operator} may request a token`,
    )
  })
}

/** Has the API server issue a token as it does for External Secrets. */
async function issueReaderToken(audience: string): Promise<string> {
  const args = ['create', 'token', reader, '-n', namespace, `--as=${operator}`]
  return (await kubectl([...args, '--audience', audience])).trim()
}
