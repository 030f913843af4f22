// Google's token service for GKE: a ServiceAccount token of the cluster buys a session. It decides nothing about secrets: a
// session acts as its ServiceAccount, and the policy of each secret says what that may do.
import { randomBytes } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { z } from 'zod'
import { ApiError, parseBody } from './api-error.ts'

const SESSION_S = 3_600

export type Cluster = {
  projectId: string
  projectNumber: string
  location: string
  name: string
  /** The issuer of the cluster's ServiceAccount tokens, and its public keys. */
  issuer: string
  keys: JSONWebKeySet
}

export type TokenService = {
  exchange: (body: string) => Promise<object>
  /** Returns the principal that a session acts as. Throws ApiError if there is no such session. */
  identify: (authorization: string | undefined) => string
  /** The ServiceAccount tokens that bought a session. */
  accepted: readonly string[]
}

/** The audience of a cluster's tokens, which is also the name of its pool of identities. */
export const poolOf = ({ projectId }: Cluster) => `${projectId}.svc.id.goog`

/** Returns how a secret's policy names a ServiceAccount of the cluster. */
export function principalOf(cluster: Cluster, namespace: string, account: string): string {
  const pool = `locations/global/workloadIdentityPools/${poolOf(cluster)}`
  const subject = `subject/ns/${namespace}/sa/${account}`
  return `principal://iam.googleapis.com/projects/${cluster.projectNumber}/${pool}/${subject}`
}

/** Returns how the token service names the cluster. */
export function providerOf({ projectId, location, name }: Cluster): string {
  const path = `projects/${projectId}/locations/${location}/clusters/${name}`
  return `https://container.googleapis.com/v1/${path}`
}

export function createTokenService(cluster: Cluster): TokenService {
  const { issuer } = cluster
  const keySet = createLocalJWKSet(cluster.keys)
  const sessions = new Map<string, { principal: string; end: number }>()
  const accepted: string[] = []
  const wanted = z.looseObject({
    grant_type: z.literal('urn:ietf:params:oauth:grant-type:token-exchange'),
    subject_token_type: z.literal('urn:ietf:params:oauth:token-type:jwt'),
    requested_token_type: z.literal('urn:ietf:params:oauth:token-type:access_token'),
    audience: z.literal(`identitynamespace:${poolOf(cluster)}:${providerOf(cluster)}`),
    subject_token: z.string(),
  })
  const options = { issuer, audience: poolOf(cluster), requiredClaims: ['exp', 'sub'] }
  return {
    accepted,
    exchange: async (body) => {
      const { subject_token: token } = parseBody(wanted, body)
      const { payload } = await jwtVerify(token, keySet, options).catch(refuse)
      const [, namespace, account] =
        /^system:serviceaccount:([^:]+):([^:]+)$/.exec(payload.sub ?? '') ?? []
      if (namespace === undefined || account === undefined) refuse(`the subject ${payload.sub}`)
      const session = `ya29.${randomBytes(32).toString('base64url')}`
      const principal = principalOf(cluster, namespace, account)
      sessions.set(session, { principal, end: Date.now() + SESSION_S * 1_000 })
      accepted.push(token)
      return { access_token: session, token_type: 'Bearer', expires_in: SESSION_S }
    },
    identify: (authorization = '') => {
      const session = sessions.get(authorization.replace(/^Bearer /, ''))
      if (session !== undefined && Date.now() < session.end) return session.principal
      throw new ApiError('UNAUTHENTICATED', 'Request had invalid authentication credentials.')
    },
  }
}

function refuse(reason: unknown): never {
  const message = reason instanceof Error ? reason.message : String(reason)
  throw new ApiError('INVALID_ARGUMENT', `invalid_grant: ${message}`)
}
