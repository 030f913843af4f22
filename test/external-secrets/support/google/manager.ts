// Google Cloud as the tests of a key manager need it.
import { z } from 'zod'
import { readTokenIssuer } from '../../../../tools/kube/token-issuer.ts'
import { listCommands } from '../../../support/pages/commands.ts'
import { findCommand } from '../../../support/pages/external-secrets-page.ts'
import { ask } from '../clouds/ask.ts'
import { makeCertificates } from '../clouds/certificates.ts'
import { openProxy } from '../clouds/proxy.ts'
import type { KeyManager } from '../key-manager.ts'
import { hosts, openCloud } from './cloud.ts'
import { createGcloud, findMeans, type Means } from './gcloud.ts'
import { latestKeyUrl, presentToken } from './present-token.ts'
import { type Cluster, poolOf } from './token-service.ts'

const ids = {
  projectId: 'keys-of-the-tests',
  projectNumber: '123456789012',
  location: 'europe-west3',
  name: 'cluster-of-the-tests',
}
const newest = z.object({ name: z.string() })
const secret = '--secret signing-hmac-key --project PROJECT'

/** For the cluster of KUBECONFIG. */
export async function openGoogle(): Promise<KeyManager> {
  const { issuer, keys } = await readTokenIssuer()
  const means = await findMeans()
  console.info(`the page's gcloud commands run by ${means}`)
  return imitateGoogle({ ...ids, issuer, keys: JSON.parse(keys) }, means)
}

export async function imitateGoogle(cluster: Cluster, means: Means): Promise<KeyManager> {
  await using undo = new AsyncDisposableStack()
  const certificates = await makeCertificates(hosts)
  const cloud = await openCloud(cluster, certificates)
  undo.defer(cloud.close)
  const proxy = await openProxy(Object.fromEntries(hosts.map((host) => [host, cloud.port])))
  undo.defer(proxy.stop)
  const env = { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: certificates.authority }
  const gcloud = await createGcloud(means, cloud.owner, env, {
    PROJECT: cluster.projectId,
    CLUSTER_PROJECT: cluster.projectId,
    CLUSTER_PROJECT_NUMBER: cluster.projectNumber,
  })
  const all = undo.move()
  return {
    component: 'external-secrets-gcp',
    parameters: {
      FILL_IN_PROJECT_ID: cluster.projectId,
      FILL_IN_CLUSTER_PROJECT_ID: cluster.projectId,
      FILL_IN_CLUSTER_LOCATION: cluster.location,
      FILL_IN_CLUSTER_NAME: cluster.name,
    },
    env,
    runCommand: async (title) => void (await gcloud(findCommand(title))),
    read: () => gcloud('get'),
    write: async (value) => void (await gcloud('put', value)),
    grant: async () => void (await gcloud(findGrant())),
    revoke: async () => void (await gcloud(findGrant().replace(' add-', ' remove-'))),
    disableNewest: async () => {
      const headers = { authorization: `Bearer ${cloud.owner}` }
      const { body } = await ask(latestKeyUrl(cluster), env, { headers })
      const number = newest.parse(JSON.parse(body)).name.split('/').at(-1)
      const change = (verb: string) => gcloud(`gcloud secrets versions ${verb} ${number} ${secret}`)
      await change('disable')
      return async () => void (await change('enable'))
    },
    goAway: cloud.close,
    comeBack: cloud.open,
    presentToken: (token) => presentToken(token, cluster, env),
    accepted: cloud.accepted,
    token: { audience: poolOf(cluster), seconds: 900 },
    says: {
      revoked: /PermissionDenied/,
      away: /identitybindingtoken/,
      disabled: /FailedPrecondition.*DISABLED/,
      refused: /PermissionDenied/,
    },
    stop: () => all.disposeAsync(),
  }
}

/** Returns the page's command that gives key-reader access to the secret. */
function findGrant(): string {
  const command = listCommands().find(({ text }) =>
    text.startsWith('gcloud secrets add-iam-policy'),
  )
  if (command !== undefined) return command.text
  throw new Error('the page has no command that grants access at Google')
}
