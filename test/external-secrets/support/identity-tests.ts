// AWS lets only External Secrets read the key, with a token that it requests each time.
import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace, serviceAccount } from '../../../tools/kube/names.ts'
import { readTokenIssuer } from '../../../tools/kube/token-issuer.ts'
import { findTarget, stealCredentials } from '../../../tools/verify/attack/target.ts'
import { issueToken } from '../../../tools/verify/attack/tokens.ts'
import { type Account, roleArn } from './account.ts'
import type { Credentials } from './aws-cli.ts'

const reader = 'key-reader'
const audience = 'sts.amazonaws.com'
const get = ['secretsmanager', 'get-secret-value', '--secret-id', 'signing-hmac-key']
const others = [
  ['secretsmanager', 'put-secret-value', '--secret-id', 'signing-hmac-key', '--secret-string', 'x'],
  ['secretsmanager', 'list-secrets'],
  ['iam', 'list-roles'],
]

export function testIdentities(load: () => Account): void {
  test('the operator has shown a token of key-reader each time, for AWS and for an hour', async () => {
    const { issuer } = await readTokenIssuer()
    const shown = load().entrance.tokens.map((token) => decodeJwt(token))
    expect(shown.length).toBeGreaterThan(3)
    expect(new Set(shown.map(({ jti }) => jti)).size).toBe(shown.length)
    for (const { iss, sub, aud, iat = 0, exp = 0 } of shown) {
      const wanted = { iss: issuer, sub: `system:serviceaccount:${namespace}:${reader}` }
      expect({ iss, sub, aud }).toEqual({ ...wanted, aud: [audience] })
      expect(exp - iat).toBe(3_600)
    }
  })

  test('such a token opens a session that reads the key and does nothing else', async () => {
    const { entrance, tryAws } = load()
    const { status, body } = await assumeRole(entrance.url, entrance.tokens.at(-1))
    expect(status).toBe(200)
    const session = readSession(body)
    expect((await tryAws(session, get)).code).toBe(0)
    for (const command of others) {
      const { code, stderr } = await tryAws(session, command)
      expect(stderr).toContain('AccessDenied')
      expect(code).not.toBe(0)
    }
  })

  test("the frontend's token opens none, and is nobody's credential at the manager", async () => {
    const { entrance, tryAws } = load()
    const { token } = await stealCredentials(await findTarget())
    const { sub, aud } = decodeJwt(token)
    expect(sub).not.toContain(reader)
    expect(aud).not.toContain(audience)
    const { status, body } = await assumeRole(entrance.url, token)
    expect(body).toContain('AccessDenied')
    expect(status).toBe(403)
    const made = { id: 'ASIAIOSFODNN7EXAMPLE', secret: 'anything' }
    for (const credentials of [made, { ...made, session: token }]) {
      const { code, stderr } = await tryAws(credentials, get)
      expect(stderr).toContain('InvalidClientTokenId')
      expect(code).not.toBe(0)
    }
  })

  test('each condition of the trust policy is needed: the subject, and the audience', async () => {
    const { url } = load().entrance
    const as = '--as=system:serviceaccount:external-secrets:external-secrets'
    const args = ['create', 'token', reader, '-n', namespace, as, '--audience=signer']
    for (const [token, condition] of [
      [await issueToken(serviceAccount, audience), ':sub'],
      [(await kubectl(args)).trim(), ':aud'],
    ] as const) {
      const { status, body } = await assumeRole(url, token)
      expect(body).toContain(condition)
      expect(status).toBe(403)
    }
  })

  test('without a token, and without a signature, nothing is read', async () => {
    const { url } = load().entrance
    expect(await assumeRole(url, undefined)).toMatchObject({ status: 400 })
    const headers = { 'x-amz-target': 'secretsmanager.GetSecretValue' }
    const body = JSON.stringify({ SecretId: 'signing-hmac-key' })
    const answer = await fetch(url, { method: 'POST', headers, body })
    expect(answer.ok).toBe(false)
    expect(await answer.text()).not.toContain('SecretString')
  })

  test('nobody else is given a token for it by the API server, cluster-admin included', async () => {
    await expect(issueToken(reader, audience)).rejects.toThrow(
      'only system:serviceaccount:external-secrets:external-secrets may request a token',
    )
  })
}

async function assumeRole(url: string, token: string | undefined) {
  const body = new URLSearchParams({
    ...{ Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15' },
    ...{ RoleArn: roleArn, RoleSessionName: 'test' },
    ...(token !== undefined && { WebIdentityToken: token }),
  })
  const answer = await fetch(url, { method: 'POST', body })
  return { status: answer.status, body: await answer.text() }
}

function readSession(xml: string): Credentials {
  const read = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(xml)?.[1] ?? ''
  return {
    id: read('AccessKeyId'),
    secret: read('SecretAccessKey'),
    session: read('SessionToken'),
  }
}
