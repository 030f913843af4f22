// Entra's token service. It accepts a ServiceAccount token if the cluster signed it and an identity trusts exactly that one.
import { randomUUID } from 'node:crypto'
import { createLocalJWKSet, errors, jwtVerify } from 'jose'
import type { TokenIssuer } from '../../../tools/kube/token-issuer.ts'
import type { Directory, Trust } from './directory.ts'
import type { Answer, Question } from './server.ts'

export const login = 'login.microsoftonline.com'
const lifetime = 3_599

export type Session = { principalId: string; scope: string }
export type Entra = {
  answer: (question: Question) => Promise<Answer>
  /** Whose access token this is, if it is for `resource`. */
  findSession: (token: string, resource: string) => Session | undefined
  /** Every ServiceAccount token that got an access token. */
  tokens: readonly string[]
}

/** A refusal. The message is what Entra says. */
class Refusal extends Error {}

export function createEntra(directory: Directory, { keys, issuer }: TokenIssuer): Entra {
  const url = `https://${login}/${directory.tenant}`
  const keySet = createLocalJWKSet(JSON.parse(keys))
  const sessions = new Map<string, Session>()
  const tokens: string[] = []

  /** Returns who the form is from. Throws Refusal. */
  async function identify(form: URLSearchParams): Promise<string> {
    const client = form.get('client_id') ?? ''
    const { operator } = directory
    if (client === operator.clientId) {
      if (form.get('client_secret') === operator.secret) return operator.principalId
      throw new Refusal('AADSTS7000215: Invalid client secret provided.')
    }
    const identity = directory.findIdentity(client)
    if (identity === undefined)
      throw new Refusal(`AADSTS700016: Application '${client}' was not found.`)
    const token = form.get('client_assertion') ?? ''
    await verify(token, directory.listTrusts(identity))
    tokens.push(token)
    return identity.principalId
  }

  /** The issuer's keys are the cluster's. So no other issuer has any. */
  async function verify(token: string, trusts: readonly Trust[]): Promise<void> {
    const { payload } = await jwtVerify(token, keySet, {
      issuer,
      requiredClaims: ['exp', 'sub', 'aud'],
    })
    const ofIssuer = trusts.filter((trust) => trust.issuer === payload.iss)
    const ofSubject = ofIssuer.filter(({ subject }) => subject === payload.sub)
    const audiences = [payload.aud].flat()
    const unmatched = `No matching federated identity record found for presented assertion`
    if (ofIssuer.length === 0)
      throw new Refusal(`AADSTS700211: ${unmatched} issuer '${payload.iss}'.`)
    if (ofSubject.length === 0)
      throw new Refusal(`AADSTS700213: ${unmatched} subject '${payload.sub}'.`)
    if (!ofSubject.some((trust) => trust.audiences.some((each) => audiences.includes(each)))) {
      throw new Refusal(`AADSTS700212: ${unmatched} audience '${audiences.join()}'.`)
    }
  }

  async function issue(form: URLSearchParams): Promise<Answer> {
    try {
      const principalId = await identify(form)
      const token = `access.${randomUUID()}`
      sessions.set(token, { principalId, scope: form.get('scope') ?? '' })
      const value = { token_type: 'Bearer', expires_in: lifetime, access_token: token }
      return { status: 200, value }
    } catch (error) {
      return refuse(error)
    }
  }

  const discovery = {
    issuer: `${url}/v2.0`,
    authorization_endpoint: `${url}/oauth2/v2.0/authorize`,
    token_endpoint: `${url}/oauth2/v2.0/token`,
    jwks_uri: `${url}/discovery/v2.0/keys`,
  }
  const documents = new Map<string, unknown>([
    [`/${directory.tenant}/v2.0/.well-known/openid-configuration`, discovery],
    [
      '/common/discovery/instance',
      describeInstance(`${url}/v2.0/.well-known/openid-configuration`),
    ],
  ])
  return {
    tokens,
    findSession: (token, resource) => {
      const session = sessions.get(token)
      return session?.scope.includes(resource) ? session : undefined
    },
    answer: async ({ url: { pathname }, body }) => {
      if (pathname === `/${directory.tenant}/oauth2/v2.0/token`)
        return issue(new URLSearchParams(body))
      const value = documents.get(pathname)
      return value === undefined ? { status: 404, value: {} } : { status: 200, value }
    },
  }
}

/** Throws what is neither a refusal nor a token that does not verify. */
function refuse(error: unknown): Answer {
  if (!(error instanceof Refusal || error instanceof errors.JOSEError)) throw error
  const reason = error instanceof Refusal ? error.message : `AADSTS50013: ${error.message}`
  return { status: 401, value: { error: 'invalid_client', error_description: reason } }
}

function describeInstance(endpoint: string) {
  const names = { preferred_network: login, preferred_cache: 'login.windows.net', aliases: [login] }
  return { tenant_discovery_endpoint: endpoint, 'api-version': '1.1', metadata: [names] }
}
