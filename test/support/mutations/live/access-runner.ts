// Runs changes of roles and bindings: asks the API server what each user may do before and after.
import { z } from 'zod'
import type { Resource } from '../../../../tools/kube/resources.ts'
import type { Api } from '../../../../tools/verify/admission/api-server/api.ts'
import type { Verdict } from '../judge.ts'
import { carryOut, findRefusal } from './carry-out.ts'
import { type Difference, invert } from './difference.ts'
import type { Lane } from './lane.ts'
import { shortenLine } from './shorten-line.ts'

type Action = {
  verb: string
  group?: string
  resource: string
  subresource?: string
  name?: string
}
type Subject = { name: string; user: string; groups: string[] }

const verbs = ['get', 'list', 'create', 'patch', 'delete'] as const
const everyVerb = (each: Omit<Action, 'verb'>): Action[] => verbs.map((verb) => ({ verb, ...each }))
const istio = 'security.istio.io'

/** What has to stay with few. */
const actions: readonly Action[] = [
  ...everyVerb({ resource: 'secrets' }),
  { verb: 'get', resource: 'secrets', name: 'hmac-key' },
  ...everyVerb({ resource: 'pods' }),
  { verb: 'create', resource: 'pods', subresource: 'exec' },
  { verb: 'get', resource: 'pods', subresource: 'log' },
  { verb: 'patch', resource: 'pods', subresource: 'ephemeralcontainers' },
  { verb: 'create', resource: 'serviceaccounts', subresource: 'token' },
  ...everyVerb({ resource: 'configmaps' }),
  ...everyVerb({ resource: 'services' }),
  ...everyVerb({ group: 'apps', resource: 'deployments' }),
  ...everyVerb({ group: istio, resource: 'authorizationpolicies' }),
  ...everyVerb({ group: istio, resource: 'peerauthentications' }),
  ...everyVerb({ group: istio, resource: 'requestauthentications' }),
  ...everyVerb({ group: 'networking.istio.io', resource: 'virtualservices' }),
  ...everyVerb({ group: 'networking.istio.io', resource: 'envoyfilters' }),
  ...everyVerb({ group: 'rbac.authorization.k8s.io', resource: 'rolebindings' }),
  ...everyVerb({
    ...{ group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies' },
  }),
  { verb: 'get', resource: 'secrets', name: 'another' },
  { verb: 'patch', resource: 'configmaps', name: 'signer-freeze' },
]

const answer = z.object({ status: z.object({ allowed: z.boolean().default(false) }) })

/** Kinds that decide who may do what. */
export const accessKinds: readonly string[] = [
  ...['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'],
]

/** A role gives nothing until it is bound, so it is bound to a user of its own for the run. */
export async function judgeAccess(api: Api, lane: Lane, change: Difference): Promise<Verdict> {
  const { namespace } = lane.names
  const roles = [...change.applied, ...change.deleted].filter(({ kind }) => kind.endsWith('Role'))
  const bindings = roles.map(
    (role): Resource => ({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
      metadata: { name: `mutation-${role.metadata.name}`, namespace },
      subjects: [{ kind: 'User', name: holderOf(role), apiGroup: 'rbac.authorization.k8s.io' }],
      roleRef: { kind: role.kind, name: role.metadata.name, apiGroup: 'rbac.authorization.k8s.io' },
    }),
  )
  const subjects = listSubjects(lane, roles)
  const bound = { applied: bindings, deleted: [] }
  const unbound = { applied: [], deleted: bindings }
  const refusal = await findRefusal(api, change)
  if (refusal !== undefined) {
    return { class: 'breaks', evidence: `the API server refuses it: ${shortenLine(refusal)}` }
  }
  try {
    await carryOut(api, bound)
    const before = await listAllowed(api, namespace, subjects)
    await carryOut(api, change)
    const after = await listAllowed(api, namespace, subjects)
    return compare(before, after)
  } finally {
    await carryOut(api, invert(lane.resources, change))
    await carryOut(api, unbound)
  }
}

function compare(before: ReadonlySet<string>, after: ReadonlySet<string>): Verdict {
  const more = [...after].filter((each) => !before.has(each))
  const fewer = [...before].filter((each) => !after.has(each))
  if (more[0] !== undefined) {
    return { class: 'opens', evidence: `${more.length} more allowed: ${more[0]}` }
  }
  if (fewer[0] !== undefined) {
    return { class: 'breaks', evidence: `${fewer.length} fewer allowed: ${fewer[0]}` }
  }
  return { class: 'nothing', evidence: 'everyone may do the same' }
}

const holderOf = ({ metadata }: Resource) => `holder-of-${metadata.name}`

function listSubjects({ names, resources }: Lane, roles: readonly Resource[]): Subject[] {
  const everyone = ['system:authenticated']
  const inNamespace = ['system:serviceaccounts', `system:serviceaccounts:${names.namespace}`]
  const account = (name: string) => ({
    name: `the ServiceAccount ${name}`,
    user: `system:serviceaccount:${names.namespace}:${name}`,
    groups: [...everyone, ...inNamespace],
  })
  const own = resources.filter(({ kind }) => kind === 'ServiceAccount')
  return [
    { name: 'any user', user: 'somebody', groups: everyone },
    account('another'),
    ...own.map(({ metadata }) => account(metadata.name)),
    ...roles.map((role) => ({
      ...{ name: `who holds ${role.metadata.name}`, user: holderOf(role), groups: everyone },
    })),
  ]
}

async function listAllowed(
  api: Api,
  namespace: string,
  subjects: readonly Subject[],
): Promise<Set<string>> {
  const allowed = new Set<string>()
  for (const { name, user, groups } of subjects) {
    const answers = await Promise.all(
      actions.map(({ verb, group = '', resource, subresource, name: of }) =>
        api.send({
          ...{ method: 'POST', path: '/apis/authorization.k8s.io/v1/subjectaccessreviews' },
          body: {
            ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' },
            spec: {
              ...{ user, groups },
              resourceAttributes: { namespace, verb, group, resource, subresource, name: of },
            },
          },
        }),
      ),
    )
    for (const [index, { said }] of answers.entries()) {
      if (!answer.parse(JSON.parse(said)).status.allowed) continue
      const { verb, resource, subresource, name: of } = actions[index] as Action
      const what = [resource, subresource].filter(Boolean).join('/')
      allowed.add(`${name}: ${[verb, what, of].filter(Boolean).join(' ')}`)
    }
  }
  return allowed
}
