// Azure as the tests of a key manager need it. The page's commands make the identity, grant it the right and revoke it.
import { z } from 'zod'
import { readTokenIssuer } from '../../../../tools/kube/token-issuer.ts'
import { logIn, openAzure } from '../../../support/azure/azure.ts'
import { findCloudCommand, findCommand } from '../../../support/pages/external-secrets-page.ts'
import type { KeyManager } from '../key-manager.ts'
import { openAz } from './az.ts'

const secret = 'signing-hmac-key'
const identity = z.object({ clientId: z.uuid(), principalId: z.uuid() })

export async function openAzureManager(): Promise<KeyManager> {
  const issuer = await readTokenIssuer()
  const azure = await openAzure(issuer)
  const { directory, vault } = azure
  const { bash, setValues } = await openAz(azure, issuer.issuer)
  const runPage = (start: string) => bash(findCloudCommand(start))
  const made = identity.parse(JSON.parse(await runPage('az identity create')))
  const vaultId = (await runPage('az keyvault show -g')).trim()
  setValues({ PRINCIPAL_ID: made.principalId, VAULT_RESOURCE_ID: vaultId })
  await runPage('az identity federated-credential create')
  return {
    component: 'external-secrets-azure',
    parameters: {
      ...{ FILL_IN_VAULT_URL: vault.url, FILL_IN_TENANT_ID: directory.tenant },
      FILL_IN_CLIENT_ID: made.clientId,
    },
    env: azure.env,
    runCommand: async (title) => void (await bash(findCommand(title))),
    read: () => bash('get'),
    write: async (value) => void (await bash('put', value)),
    grant: async () => void (await runPage('az role assignment create')),
    revoke: async () => void (await runPage('az role assignment delete')),
    disableNewest: async () => {
      setValues({ OLD: vault.findNewest(secret) ?? '' })
      const disable = findCloudCommand('az keyvault secret set-attributes')
      await bash(disable)
      return async () => void (await bash(disable.replace('--enabled false', '--enabled true')))
    },
    // Entra stays, because a login that fails ends at once. A vault that is away is what the SDK waits for.
    ...{ goAway: vault.goAway, comeBack: vault.comeBack },
    presentToken: async (token) => {
      const answer = await logIn(azure, made.clientId, token)
      return { granted: 'token' in answer, reason: 'reason' in answer ? answer.reason : '' }
    },
    accepted: azure.entra.tokens,
    token: { audience: 'api://AzureADTokenExchange', seconds: 3_600 },
    says: {
      ...{ revoked: /ForbiddenByRbac/, away: /Bad Gateway/ },
      ...{ disabled: /SecretDisabled/, refused: /AADSTS700213/ },
    },
    stop: azure.stop,
  }
}
