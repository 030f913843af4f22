// Azure on loopback: its login, its management API and one vault, under their real names.
import { z } from 'zod'
import type { TokenIssuer } from '../../../tools/kube/token-issuer.ts'
import { ask, type Surroundings } from '../clouds/ask.ts'
import { makeCertificates } from '../clouds/certificates.ts'
import { openProxy } from '../clouds/proxy.ts'
import { Directory } from './directory.ts'
import { createEntra, type Entra, login } from './entra.ts'
import { createKeyVault, type KeyVault } from './key-vault.ts'
import { createManagement, management } from './management.ts'
import { startServer } from './server.ts'

export const group = 'signing'
const vaultName = 'signing'
const vaultHost = `${vaultName}.vault.azure.net`
const refusal = z.object({ error_description: z.string() })
const granted = z.object({ access_token: z.string() })

export type Azure = {
  directory: Directory
  entra: Entra
  env: Surroundings
  vault: {
    name: string
    url: string
    /** The resource id, for role assignments. */
    id: string
    findNewest: KeyVault['findNewest']
    /** Nothing accepts connections at its name / it does again. */
    goAway: () => Promise<void>
    comeBack: () => Promise<void>
  }
  stop: () => Promise<void>
}
export type Login = { token: string } | { reason: string }

/** `issuer`: of the ServiceAccount tokens that Entra verifies. */
export async function openAzure(issuer: TokenIssuer): Promise<Azure> {
  const directory = new Directory()
  const entra = createEntra(directory, issuer)
  const groupId = `/subscriptions/${directory.subscription}/resourceGroups/${group}`
  const id = `${groupId}/providers/Microsoft.KeyVault/vaults/${vaultName}`
  directory.assign('Key Vault Secrets Officer', directory.operator.principalId, id)
  const keyVault = createKeyVault(directory, entra, id)
  const tls = await makeCertificates([login, management, vaultHost])
  const [ofLogin, ofManagement, ofVault] = await Promise.all([
    startServer(tls, entra.answer),
    startServer(tls, createManagement(directory, entra, id)),
    startServer(tls, keyVault.answer),
  ])
  const proxy = await openProxy({
    [login]: ofLogin.port,
    [management]: ofManagement.port,
    [vaultHost]: ofVault.port,
  })
  return {
    ...{ directory, entra },
    env: { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: tls.authority },
    vault: {
      ...{ name: vaultName, url: `https://${vaultHost}`, id, findNewest: keyVault.findNewest },
      ...{ goAway: ofVault.close, comeBack: ofVault.open },
    },
    stop: async () => {
      await proxy.stop()
      for (const server of [ofLogin, ofManagement, ofVault]) await server.close()
    },
  }
}

/** Presents a ServiceAccount token to Entra, for an access token to the vault, as External Secrets does. */
export async function logIn(azure: Azure, clientId: string, token: string): Promise<Login> {
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  const form = new URLSearchParams({
    ...{ grant_type: 'client_credentials', client_id: clientId },
    ...{ client_assertion_type: type, client_assertion: token },
    scope: 'https://vault.azure.net/.default',
  })
  const url = `https://${login}/${azure.directory.tenant}/oauth2/v2.0/token`
  const { status, body } = await ask(url, azure.env, { method: 'POST', body: form.toString() })
  if (status === 200) return { token: granted.parse(JSON.parse(body)).access_token }
  return { reason: refusal.parse(JSON.parse(body)).error_description }
}
