// Asks AWS for a session of the role, as its SDK does.
import { roleArn } from './account.ts'
import type { Credentials } from './aws-cli.ts'

export async function assumeRole(
  url: string,
  token: string | undefined,
): Promise<{ status: number; body: string }> {
  const body = new URLSearchParams({
    ...{ Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15' },
    ...{ RoleArn: roleArn, RoleSessionName: 'test' },
    ...(token !== undefined && { WebIdentityToken: token }),
  })
  const answer = await fetch(url, { method: 'POST', body })
  return { status: answer.status, body: await answer.text() }
}

export function readSession(xml: string): Credentials {
  const read = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(xml)?.[1] ?? ''
  return {
    id: read('AccessKeyId'),
    secret: read('SecretAccessKey'),
    session: read('SessionToken'),
  }
}
