// May this user do everything that a deployment does? Asked before anything is changed.
import { isDeepStrictEqual } from 'node:util'
import { UserError } from '../../cli/terminal.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { selectsNodes } from './node-selector.ts'

export type Right = {
  verb: string
  group: string
  resource: string
  subresource?: string
  namespace?: string | undefined
  name?: string | undefined
}

/** Lists the rights to apply `resources`, delete `removed`, find nodes, watch the rollout and, if `makesKey`, make the key. */
export function listNeededRights(
  resources: readonly Resource[],
  makesKey = true,
  removed: readonly Resource[] = [],
): Right[] {
  // Server-side apply is a patch, and a create where there is nothing yet.
  const apply = resources.flatMap((each) =>
    ['get', 'patch', 'create'].map((verb) => describeRight(verb, each)),
  )
  const inNamespace = (verb: string, resource: string, name?: string) => ({
    verb,
    group: '',
    resource,
    namespace,
    name,
  })
  const rights: Right[] = [
    ...apply,
    ...removed.map((each) => describeRight('delete', each)),
    ...(makesKey
      ? [inNamespace('get', 'secrets', keySecret), inNamespace('create', 'secrets')]
      : []),
    inNamespace('list', 'pods'),
    ...(selectsNodes(resources) ? [{ verb: 'list', group: '', resource: 'nodes' }] : []),
  ]
  return rights.filter(
    (right, index, all) => all.findIndex((other) => isDeepStrictEqual(right, other)) === index,
  )
}

function describeRight(verb: string, { apiVersion, kind, metadata }: Resource): Right {
  return {
    verb,
    group: apiVersion.includes('/') ? apiVersion.replace(/\/.*/, '') : '',
    resource: pluralize(kind),
    namespace: metadata.namespace,
    // A create has no name yet when rights are judged.
    name: verb === 'create' ? undefined : metadata.name,
  }
}

export async function checkRights(rights: readonly Right[]): Promise<void> {
  const reviews = rights.map(({ group, ...attributes }) => ({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { group, ...attributes } },
  }))
  const list = { apiVersion: 'v1', kind: 'List', items: reviews }
  const answers = await kubectl(['create', '-f', '-', '-o', 'jsonpath={.status.allowed}{"\\n"}'], {
    input: JSON.stringify(list),
  })
  const allowed = answers.trim().split('\n')
  const missing = rights.filter((_, index) => allowed[index] !== 'true')
  if (missing.length === 0) return
  const byResource = Map.groupBy(missing, describeResourceType)
  const lines = [...byResource].map(
    ([resource, lacking]) =>
      `${[...new Set(lacking.map(({ verb }) => verb))].join(', ')} ${resource}`,
  )
  throw new UserError(
    `the user of this KUBECONFIG may not:\n  ${lines.join('\n  ')}`,
    'use a KUBECONFIG whose user may, or have the rights granted',
  )
}

/** "AuthorizationPolicy" → "authorizationpolicies": enough for the kinds that are here; a test walks through them. */
export function pluralize(kind: string): string {
  const name = kind.toLowerCase()
  if (/[^aeiou]y$/.test(name)) return name.replace(/y$/, 'ies')
  return name.endsWith('s') ? `${name}es` : `${name}s`
}

function describeResourceType({ group, resource, subresource, namespace: where }: Right): string {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`
  return `${what}${group === '' ? '' : `.${group}`}${where === undefined ? '' : ` in ${where}`}`
}
