// AWS as the tests of a key manager need it.
import type { KeyManager } from '../key-manager.ts'
import { type Account, openAccount, roleArn } from './account.ts'
import { assumeRole } from './assume-role.ts'
import { region } from './aws-cli.ts'
import { fetchMoto } from './moto.ts'

export type Aws = KeyManager & Pick<Account, 'entrance' | 'tryAws'>

export async function openAws(): Promise<Aws> {
  const { entrance, ...account } = await openAccount(await fetchMoto())
  const { url, accepted, close, open } = entrance
  return {
    ...{ ...account, entrance, accepted, goAway: close, comeBack: open },
    component: 'external-secrets-aws',
    parameters: { FILL_IN_REGION: region, FILL_IN_ROLE_ARN: roleArn },
    env: {
      AWS_STS_ENDPOINT: url,
      AWS_SECRETSMANAGER_ENDPOINT: url,
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    presentToken: async (token) => {
      const { status, body } = await assumeRole(url, token)
      return { granted: status === 200, reason: body }
    },
    token: { audience: 'sts.amazonaws.com', seconds: 3_600 },
    says: {
      // moto writes the reason in XML, which the SDK cannot read. Its version 2 writes StatusCode.
      revoked: /status ?code: 403/i,
      away: /connection refused/,
      disabled: /InvalidRequestException/,
      refused: /AccessDenied/,
    },
  }
}
