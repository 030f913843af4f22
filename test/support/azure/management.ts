// Azure's management API, as far as the page's `az identity`, `az role assignment` and `az keyvault show` use it.
import { z } from 'zod'
import type { Assignment, Directory, Identity } from './directory.ts'
import type { Entra } from './entra.ts'
import type { Answer, Question } from './server.ts'

export const management = 'management.azure.com'
const location = 'westeurope'
const trust = z.object({
  properties: z.object({
    issuer: z.url(),
    subject: z.string(),
    audiences: z.array(z.string()).min(1),
  }),
})
const assignment = z.object({
  properties: z.object({ roleDefinitionId: z.string(), principalId: z.uuid() }),
})
const roleName = /roleName eq '(.*)'/

type Route = [pattern: RegExp, answer: (question: Question, parts: readonly string[]) => Answer]

/** `vault`: the resource id of the vault. */
export function createManagement(directory: Directory, entra: Entra, vault: string) {
  const subscription = {
    ...{ id: `/subscriptions/${directory.subscription}`, subscriptionId: directory.subscription },
    ...{ tenantId: directory.tenant, displayName: 'signing', state: 'Enabled' },
  }
  const identity =
    '/subscriptions/[^/]+/resource[gG]roups/[^/]+/providers/Microsoft.ManagedIdentity/userAssignedIdentities/[^/]+'
  const authorization = '(/subscriptions/.+)/providers/Microsoft.Authorization'

  const routes: Route[] = [
    [/^\/subscriptions$/, () => list([subscription])],
    [
      /^\/subscriptions\/[^/]+\/resource[gG]roups\/[^/]+$/,
      ({ url }) => ok({ id: url.pathname, location }),
    ],
    [new RegExp(`^${vault}$`), () => ok({ id: vault, location, properties: {} })],
    [new RegExp(`^${identity}$`), ({ url }) => ok(show(directory.addIdentity(url.pathname)))],
    [
      new RegExp(`^${identity}/federatedIdentityCredentials/[^/]+$`),
      ({ url, body }) => {
        const { properties } = trust.parse(JSON.parse(body))
        directory.trusts.set(url.pathname, properties)
        return ok({ id: url.pathname, properties })
      },
    ],
    [new RegExp(`^${authorization}/roleDefinitions$`), findRole],
    [new RegExp(`^${authorization}/roleAssignments$`), listAssignments],
    [new RegExp(`^${authorization}/roleAssignments/[^/]+$`), changeAssignment],
  ]

  function findRole({ url }: Question, [, scope = '']: readonly string[]): Answer {
    const wanted = roleName.exec(url.searchParams.get('$filter') ?? '')?.[1]
    return list(directory.listRoles(scope).filter((role) => role.properties.roleName === wanted))
  }

  /** Those on `scope`, and on what it is part of. */
  function listAssignments(_: Question, [, scope = '']: readonly string[]): Answer {
    const here = [...directory.assignments.values()].filter((each) => scope.startsWith(each.scope))
    return list(here.map(showAssignment))
  }

  function changeAssignment({ method, url, body }: Question, parts: readonly string[]): Answer {
    const { pathname: id } = url
    if (method === 'PUT') {
      const { properties } = assignment.parse(JSON.parse(body))
      directory.assignments.set(id, { id, scope: parts[1] ?? '', ...properties })
    }
    const found = directory.assignments.get(id)
    if (method === 'DELETE') directory.assignments.delete(id)
    return found === undefined ? { status: 204 } : ok(showAssignment(found))
  }

  return (question: Question): Answer => {
    const session = entra.findSession(question.token, 'https://management.')
    const isOperator = session?.principalId === directory.operator.principalId
    if (!isOperator) return fail(401, 'AuthenticationFailed')
    for (const [pattern, answer] of routes) {
      const parts = pattern.exec(question.url.pathname)
      if (parts !== null) return answer(question, parts)
    }
    return fail(404, `nothing plays ${question.method} ${question.url.pathname}`)
  }
}

function show({ id, clientId, principalId }: Identity) {
  return { id, name: id.split('/').at(-1), location, properties: { clientId, principalId } }
}

function showAssignment({ id, ...properties }: Assignment) {
  const type = 'Microsoft.Authorization/roleAssignments'
  return { id, name: id.split('/').at(-1), type, properties }
}

function ok(value: unknown): Answer {
  return { status: 200, value }
}

function list(value: readonly unknown[]): Answer {
  return ok({ value })
}

function fail(status: number, code: string): Answer {
  return { status, value: { error: { code, message: code } } }
}
