// Google Cloud as the tests of a key manager need it. The page's commands create the secret, grant the right and revoke it.
import { z } from 'zod'
import { readTokenIssuer } from '../../../../tools/kube/token-issuer.ts'
import { ask } from '../../../support/clouds/ask.ts'
import { openGoogle } from '../../../support/google/google.ts'
import { latestKeyUrl, presentToken } from '../../../support/google/present-token.ts'
import { poolOf } from '../../../support/google/token-service.ts'
import { findCloudCommand, findCommand } from '../../../support/pages/external-secrets-page.ts'
import type { KeyManager } from '../key-manager.ts'
import { openGcloud } from './gcloud.ts'

const cluster = {
  projectId: 'keys-of-the-tests',
  projectNumber: '123456789012',
  location: 'europe-west3',
  name: 'cluster-of-the-tests',
}
const newest = z.object({ name: z.string() })

export async function openGoogleManager(): Promise<KeyManager> {
  const { issuer, keys } = await readTokenIssuer()
  const google = await openGoogle({ ...cluster, issuer, keys: JSON.parse(keys) })
  const { env } = google
  const bash = await openGcloud(google)
  const grant = findCloudCommand('gcloud secrets add-iam-policy-binding')
  return {
    component: 'external-secrets-gcp',
    parameters: {
      FILL_IN_PROJECT_ID: cluster.projectId,
      FILL_IN_CLUSTER_PROJECT_ID: cluster.projectId,
      FILL_IN_CLUSTER_LOCATION: cluster.location,
      FILL_IN_CLUSTER_NAME: cluster.name,
    },
    env,
    runCommand: async (title) => void (await bash(findCommand(title))),
    read: () => bash('get'),
    write: async (value) => void (await bash('put', value)),
    grant: async () => void (await bash(grant)),
    revoke: async () => void (await bash(grant.replace(' add-', ' remove-'))),
    disableNewest: async () => {
      const headers = { authorization: `Bearer ${google.owner}` }
      const { body } = await ask(latestKeyUrl(google.cluster), env, { headers })
      const number = newest.parse(JSON.parse(body)).name.split('/').at(-1)
      const args = `${number} --secret signing-hmac-key --project PROJECT`
      await bash(`gcloud secrets versions disable ${args}`)
      return async () => void (await bash(`gcloud secrets versions enable ${args}`))
    },
    // The token service stays, because a refused exchange ends at once. What is away is what the client of gRPC waits for.
    ...{ goAway: google.secrets.close, comeBack: google.secrets.open },
    presentToken: (token) => presentToken(token, google.cluster, env),
    accepted: google.accepted,
    token: { audience: poolOf(google.cluster), seconds: 900 },
    says: {
      ...{ revoked: /PermissionDenied/, away: /context deadline exceeded/ },
      ...{ disabled: /FailedPrecondition.*DISABLED/, refused: /PermissionDenied/ },
    },
    stop: google.stop,
  }
}
