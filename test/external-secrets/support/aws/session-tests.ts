// What AWS lets a session of the role do, and how else nobody reads the key.
import { expect, test } from 'vitest'
import { findTarget, stealCredentials } from '../../../../tools/verify/attack/target.ts'
import { readAgain } from '../external-secret.ts'
import type { Session } from '../session.ts'
import { assumeRole, readSession } from './assume-role.ts'
import type { Aws } from './aws.ts'

const get = ['secretsmanager', 'get-secret-value', '--secret-id', 'signing-hmac-key']
const others = [
  ['secretsmanager', 'put-secret-value', '--secret-id', 'signing-hmac-key', '--secret-string', 'x'],
  ['secretsmanager', 'list-secrets'],
  ['iam', 'list-roles'],
]

export function testSessions(load: () => Session<Aws>): void {
  test("External Secrets' token opens a session that reads the key and does nothing else", async () => {
    const { entrance, tryAws } = load().manager
    await readAgain()
    const { status, body } = await assumeRole(entrance.url, entrance.accepted.at(-1))
    expect(status).toBe(200)
    const session = readSession(body)
    expect((await tryAws(session, get)).code).toBe(0)
    for (const command of others) {
      const { code, stderr } = await tryAws(session, command)
      expect(stderr).toContain('AccessDenied')
      expect(code).not.toBe(0)
    }
  })

  test("the frontend's token is nobody's credential at the manager", async () => {
    const { token } = await stealCredentials(await findTarget())
    const made = { id: 'ASIAIOSFODNN7EXAMPLE', secret: 'anything' }
    for (const credentials of [made, { ...made, session: token }]) {
      const { code, stderr } = await load().manager.tryAws(credentials, get)
      expect(stderr).toContain('InvalidClientTokenId')
      expect(code).not.toBe(0)
    }
  })

  test('without a token, and without a signature, nothing is read', async () => {
    const { url } = load().manager.entrance
    expect(await assumeRole(url, undefined)).toMatchObject({ status: 400 })
    const headers = { 'x-amz-target': 'secretsmanager.GetSecretValue' }
    const body = JSON.stringify({ SecretId: 'signing-hmac-key' })
    const answer = await fetch(url, { method: 'POST', headers, body })
    expect(answer.ok).toBe(false)
    expect(await answer.text()).not.toContain('SecretString')
  })
}
