// Checks before a deployment that the user has all permissions for it.
import { isDeepStrictEqual } from 'node:util'
import { say, UserError } from '../../cli/terminal.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { selectsNodes } from './node-selector.ts'

export type Permission = {
  verb: string
  group: string
  resource: string
  subresource?: string
  namespace?: string | undefined
  name?: string | undefined
}

/** Lists what a deployment needs to apply `resources`, create the key, delete `removed`, find nodes and watch the rollout. */
export function listRequiredPermissions(
  resources: readonly Resource[],
  createsKey = true,
  removed: readonly Resource[] = [],
): Permission[] {
  // Server-side apply patches a resource, and creates one that does not exist.
  const verbs = ['get', 'patch', 'create']
  const core = (verb: string, resource: string, name?: string) => {
    return { verb, group: '', resource, namespace, name }
  }
  const permissions: Permission[] = [
    ...listPermissions(verbs, resources),
    ...listPermissions(['delete'], removed),
    ...(createsKey ? [core('get', 'secrets', keySecret), core('create', 'secrets')] : []),
    core('list', 'pods'),
    ...(selectsNodes(resources) ? [{ verb: 'list', group: '', resource: 'nodes' }] : []),
  ]
  return permissions.filter(
    (each, index, all) => all.findIndex((other) => isDeepStrictEqual(each, other)) === index,
  )
}

/** Lists each of `verbs` for each of `resources`. */
export function listPermissions(
  verbs: readonly string[],
  resources: readonly Resource[],
): Permission[] {
  return resources.flatMap((each) => verbs.map((verb) => describePermission(verb, each)))
}

function describePermission(verb: string, { apiVersion, kind, metadata }: Resource): Permission {
  return {
    verb,
    group: apiVersion.includes('/') ? apiVersion.replace(/\/.*/, '') : '',
    resource: pluralize(kind),
    namespace: metadata.namespace,
    // RBAC cannot restrict a create by name.
    name: verb === 'create' ? undefined : metadata.name,
  }
}

export async function checkPermissions(permissions: readonly Permission[]): Promise<void> {
  const reviews = permissions.map((resourceAttributes) => ({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  }))
  const list = { apiVersion: 'v1', kind: 'List', items: reviews }
  const answers = await kubectl(['create', '-f', '-', '-o', 'jsonpath={.status.allowed}{"\\n"}'], {
    input: JSON.stringify(list),
  })
  const allowed = answers.trim().split('\n')
  const missing = permissions.filter((_, index) => allowed[index] !== 'true')
  if (missing.length === 0) return
  const lines = [...Map.groupBy(missing, describeTarget)].map(
    ([target, lacking]) => `${[...new Set(lacking.map(({ verb }) => verb))].join(', ')} ${target}`,
  )
  throw new UserError(
    `the user of this KUBECONFIG may not:\n  ${lines.join('\n  ')}`,
    'Use a KUBECONFIG whose user may, or ask an administrator of the cluster for these permissions.',
  )
}

/** Prints which of `permissions` the user lacks, and what follows from that, where the command goes on without them. */
export async function noteMissingPermissions(
  permissions: readonly Permission[],
  consequence: string,
): Promise<void> {
  try {
    await checkPermissions(permissions)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    say(`  note  ${error.message}\n        ${consequence}`)
  }
}

/** Returns "authorizationpolicies" for "AuthorizationPolicy". This is enough for our kinds, and a test checks each of them. */
export function pluralize(kind: string): string {
  const name = kind.toLowerCase()
  if (/[^aeiou]y$/.test(name)) return name.replace(/y$/, 'ies')
  return name.endsWith('s') ? `${name}es` : `${name}s`
}

function describeTarget({ group, resource, subresource, namespace: where }: Permission): string {
  const name = subresource === undefined ? resource : `${resource}/${subresource}`
  return `${name}${group === '' ? '' : `.${group}`}${where === undefined ? '' : ` in ${where}`}`
}
