// Presents a ServiceAccount token to Google as External Secrets does: for a session, and with the session for the key.
import { z } from 'zod'
import { ask, type Surroundings } from '../clouds/ask.ts'
import { secretManager, tokenService } from './google.ts'
import { type Cluster, poolOf, providerOf } from './token-service.ts'

const answer = z.object({ access_token: z.string() })
const refusal = z.object({ error: z.object({ message: z.string() }) })

type Refused = { reason: string }

/** The token service takes a token of every ServiceAccount. The secret's policy refuses what is not key-reader's. */
export async function presentToken(
  token: string,
  cluster: Cluster,
  surroundings: Surroundings,
): Promise<{ granted: boolean; reason: string }> {
  const bought = await buySession(token, cluster, surroundings)
  if ('reason' in bought) return { granted: false, ...bought }
  const headers = { authorization: `Bearer ${bought.session}` }
  const { status, body } = await ask(latestKeyUrl(cluster), surroundings, { headers })
  if (status === 200) return { granted: true, reason: '' }
  return { granted: false, reason: `not for this sub: ${readRefusal(body)}` }
}

export async function buySession(
  token: string,
  cluster: Cluster,
  surroundings: Surroundings,
): Promise<{ session: string } | Refused> {
  const request = {
    audience: `identitynamespace:${poolOf(cluster)}:${providerOf(cluster)}`,
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    scope: 'https://www.googleapis.com/auth/cloud-platform',
    subject_token: token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  }
  const sent = { method: 'POST', body: JSON.stringify(request) }
  const { status, body } = await ask(tokenService, surroundings, sent)
  if (status !== 200) return { reason: readRefusal(body) }
  return { session: answer.parse(JSON.parse(body)).access_token }
}

/** Where Secret Manager has the newest version of the key. */
export function latestKeyUrl({ projectId }: Cluster): string {
  return `${secretManager}/v1/projects/${projectId}/secrets/signing-hmac-key/versions/latest:access`
}

function readRefusal(body: string): string {
  return refusal.parse(JSON.parse(body)).error.message
}
