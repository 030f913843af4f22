// Resources of Kubernetes beside ours: rights to read the key, and what gets the traffic of our Pods.
import { freezeMarker, protectedLabel } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { itemsOf, valueAt } from '../finding.ts'
import { listAccounts } from '../model/application.ts'
import { matches } from '../model/namespace.ts'
import { findOurResources, listWorkloadResources, readLabels } from '../model/pod.ts'
import { listRights } from '../model/rights.ts'
import type { Scope } from '../released/scope.ts'

type Found = { resource: Resource; path: (string | number)[]; message: string }

/** Roles of Kubernetes that read every Secret. */
const readingRoles = ['cluster-admin', 'admin', 'edit']
/** With such a label, Kubernetes adds the rules to "view", "edit" or "admin", which somebody has on each cluster. */
const aggregation = /^rbac\.authorization\.k8s\.io\/aggregate-to-/

/** `others`: each with its namespace. */
export function judgeNeighbours(others: readonly Resource[], scope: Scope): Found[] {
  const here = others.filter(({ metadata }) => metadata.namespace === scope.namespace)
  const bindings = others.filter(
    (each) =>
      each.kind === 'ClusterRoleBinding' || (each.kind === 'RoleBinding' && here.includes(each)),
  )
  const accounts = Object.values(listAccounts(scope.resources, scope.application))
  return [
    ...[...here.filter(({ kind }) => kind === 'Role'), ...listBound(others, bindings)].flatMap(
      (each) => judgeRole(each, accounts),
    ),
    ...bindings.flatMap(judgeBinding),
    ...judgeReceivers(here, scope),
    ...here
      .filter((each) => isOfLinkerd(each, scope))
      .map((resource) => ({
        resource,
        path: ['spec'],
        message: 'Linkerd adds it to what our policies allow: change what it selects, or remove it',
      })),
    ...here
      .filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === freezeMarker)
      .map((resource) => ({
        resource,
        path: [],
        message:
          'with it, the signer signs nothing: remove it, and use `make freeze` and `make thaw`',
      })),
  ]
}

/** True for a policy, a port or a route of Linkerd that concerns our Pods. */
function isOfLinkerd({ apiVersion, kind, spec }: Resource, { resources }: Scope): boolean {
  if (kind === 'HTTPRoute') return JSON.stringify(spec).includes('"policy.linkerd.io"')
  if (!apiVersion.startsWith('policy.linkerd.io/')) return false
  if (kind !== 'Server') return /AuthorizationPolicy|ServerAuthorization/.test(kind)
  const labels = valueAt(spec, ['podSelector', 'matchLabels'])
  return findOurResources(resources).some((each) => matches(labels, readLabels(each)))
}

/** Lists the ClusterRoles in the files that somebody has: by a binding, or as a part of another ClusterRole. */
function listBound(others: readonly Resource[], bindings: readonly Resource[]): Resource[] {
  const roles = others.filter(({ kind }) => kind === 'ClusterRole')
  const isBound = ({ metadata }: Resource) =>
    bindings.some(
      ({ roleRef }) =>
        valueAt(roleRef, ['kind']) === 'ClusterRole' &&
        valueAt(roleRef, ['name']) === metadata.name,
    )
  const selectors = roles
    .filter(isBound)
    .flatMap((each) => itemsOf(valueAt(each, ['aggregationRule', 'clusterRoleSelectors'])))
    .flatMap(({ matchLabels }) => matchLabels ?? [])
  return roles.filter((each) => {
    const labels = Object.entries(each.metadata.labels ?? {})
    return (
      isBound(each) ||
      labels.some(([name, value]) => value === 'true' && aggregation.test(name)) ||
      selectors.some((selector) => matches(selector, each.metadata.labels))
    )
  })
}

function judgeRole(resource: Resource, accounts: readonly string[]): Found[] {
  return listRights(resource, accounts).flatMap((rights, index) => {
    const [first, ...others] = rights
    if (first === undefined) return []
    const can = rights.map(({ effect }) => effect).join(', and ')
    const advice = others.length === 0 ? first.advice : 'list only the resources that it needs'
    return [{ resource, path: ['rules', index], message: `its holder can ${can}: ${advice}` }]
  })
}

function judgeBinding(resource: Resource): Found[] {
  const role = String(valueAt(resource, ['roleRef', 'name']))
  const isOfCluster = valueAt(resource, ['roleRef', 'kind']) === 'ClusterRole'
  if (!isOfCluster || !readingRoles.includes(role)) return []
  const message = `its subjects read every Secret, and so the key: bind the Role deployer of the component deployer in place of ${role}`
  return [{ resource, path: ['roleRef'], message }]
}

/** Pods of others that get requests for ours. */
function judgeReceivers(here: readonly Resource[], { resources, application }: Scope): Found[] {
  const selectors = resources
    .filter(({ kind, metadata }) => kind === 'Service' && metadata.name === application.service)
    .map(({ spec }) => valueAt(spec, ['selector']))
    .filter((each) => each !== undefined && application.isOurs)
  const isReceiver = (labels: unknown) => selectors.some((each) => matches(each, labels))
  return [
    ...listWorkloadResources(here)
      .filter(
        (each) =>
          isReceiver(readLabels(each)) || matches({ [protectedLabel]: 'true' }, readLabels(each)),
      )
      .map((resource) => ({
        resource,
        path: [],
        message:
          'its Pods have the labels of ours, so they get requests for ours, or the policies of ours apply to them: choose other labels',
      })),
    ...here
      .filter(({ kind, spec }) => kind === 'WorkloadEntry' && isReceiver(valueAt(spec, ['labels'])))
      .map((resource) => ({
        resource,
        path: ['spec', 'labels'],
        message: 'its address gets requests for our Pods: choose other labels',
      })),
  ]
}
