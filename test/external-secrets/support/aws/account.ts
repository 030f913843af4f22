// An AWS account with the secret of the key, a role that reads it and a user that writes it, as docs/key-managers.md says.
import { z } from 'zod'
import { findCommand, findStatement } from '../../../support/pages/external-secrets-page.ts'
import type { KeyManager } from '../key-manager.ts'
import { type AwsCli, type Credentials, createAwsCli } from './aws-cli.ts'
import { type Entrance, openEntrance } from './entrance.ts'
import { letPass, startMoto } from './moto.ts'
import { createJudge } from './trust-policy.ts'

const role = 'signing-key-reader'
/** moto has one account. */
export const roleArn = `arn:aws:iam::123456789012:role/${role}`
const rights = ['--role-name', role, '--policy-name', 'read-key']
const user = ['--user-name', 'writer']
const secret = ['--secret-id', 'signing-hmac-key']
const accessKey = z.object({
  AccessKey: z.object({ AccessKeyId: z.string(), SecretAccessKey: z.string() }),
})

export type Account = { entrance: Entrance; tryAws: AwsCli['tryAws'] } & Pick<
  KeyManager,
  'runCommand' | 'read' | 'write' | 'grant' | 'revoke' | 'disableNewest' | 'stop'
>

/** Makes the account, without the secret. `folder`: what fetchMoto returns. */
export async function openAccount(folder: string): Promise<Account> {
  const judge = await createJudge()
  const moto = await startMoto(folder)
  const entrance = await openEntrance(moto.url, judge)
  const cli = createAwsCli(folder, entrance.url)
  const writer = await makeWriter(cli)
  await makeRole(cli, writer)
  await letPass(moto.url, 0)
  const aws = async (...args: string[]) => void (await cli.aws(writer, args))
  return {
    ...{ entrance, tryAws: cli.tryAws },
    runCommand: async (title) => void (await cli.bash(writer, findCommand(title))),
    read: () => cli.bash(writer, 'get'),
    write: async (value) => void (await cli.bash(writer, 'put', value)),
    grant: () => aws('iam', 'put-role-policy', ...listRights()),
    revoke: () => aws('iam', 'delete-role-policy', ...rights),
    // AWS disables no version. A secret that is scheduled for deletion is the nearest to it.
    disableNewest: async () => {
      await aws('secretsmanager', 'delete-secret', ...secret, '--recovery-window-in-days', '7')
      return () => aws('secretsmanager', 'restore-secret', ...secret)
    },
    stop: async () => {
      await entrance.close()
      await moto.stop()
    },
  }
}

/** Makes a user with all rights. At its start moto accepts this from anybody. */
async function makeWriter({ aws }: AwsCli): Promise<Credentials> {
  const iam = (...args: string[]) => aws({ id: 'anybody', secret: 'anything' }, ['iam', ...args])
  const all = allow({ Effect: 'Allow', Action: '*', Resource: '*' })
  await iam('create-user', ...user)
  await iam('put-user-policy', ...user, '--policy-name', 'all', '--policy-document', all)
  const { AccessKey } = accessKey.parse(JSON.parse(await iam('create-access-key', ...user)))
  return { id: AccessKey.AccessKeyId, secret: AccessKey.SecretAccessKey }
}

async function makeRole({ aws }: AwsCli, writer: Credentials): Promise<void> {
  const trust = allow(JSON.parse(findStatement('sts:AssumeRoleWithWebIdentity')))
  const command = ['iam', 'create-role', '--role-name', role]
  await aws(writer, [...command, '--assume-role-policy-document', trust])
}

/** The page's statement, but for all secrets, because moto does not know which one a request is for. */
function listRights(): string[] {
  const statement = JSON.parse(findStatement('secretsmanager:GetSecretValue'))
  return [...rights, '--policy-document', allow({ ...statement, Resource: '*' })]
}

function allow(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}
