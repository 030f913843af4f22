// Resources of Kubernetes beside ours: rights to read the key, and what gets the traffic of our Pods.
import { z } from 'zod'
import { freezeMarker, keySecret, protectedLabel } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { readAt, valueAt } from '../finding.ts'
import { matches } from '../model/namespace.ts'
import { findOurResources, listWorkloadResources, readLabels } from '../model/pod.ts'
import type { Scope } from '../released/scope.ts'

type Found = { resource: Resource; path: (string | number)[]; message: string }

const names = z.array(z.string()).default([])
const roleRules = z
  .array(z.looseObject({ apiGroups: names, resources: names, resourceNames: names, verbs: names }))
  .default([])
/** Roles of Kubernetes that read every Secret. */
const readingRoles = ['cluster-admin', 'admin', 'edit']

/** `others`: each with its namespace. */
export function judgeNeighbours(others: readonly Resource[], scope: Scope): Found[] {
  const here = others.filter(({ metadata }) => metadata.namespace === scope.namespace)
  return [
    ...here.filter(({ kind }) => kind === 'Role').flatMap(judgeRole),
    ...others
      .filter(({ kind }) => kind === 'ClusterRoleBinding' || kind === 'RoleBinding')
      .filter((each) => each.kind === 'ClusterRoleBinding' || here.includes(each))
      .flatMap(judgeBinding),
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

function judgeRole(resource: Resource): Found[] {
  return readAt(roleRules, resource, ['rules']).flatMap((rule, index) => {
    const { apiGroups, resources, resourceNames, verbs } = rule
    const allows = (wanted: string, ...possible: string[]) =>
      apiGroups.some((each) => each === '' || each === '*') &&
      resources.some((each) => each === wanted || each === '*') &&
      verbs.some((each) => each === '*' || possible.includes(each))
    const isFor = (name: string) => resourceNames.length === 0 || resourceNames.includes(name)
    const at = (message: string) => ({ resource, path: ['rules', index], message })
    return [
      ...(allows('secrets', 'get', 'list', 'watch') && isFor(keySecret)
        ? [at(`its holder reads the key: set resourceNames to Secrets other than ${keySecret}`)]
        : []),
      ...(allows('serviceaccounts/token', 'create') && resourceNames.length === 0
        ? [at('its holder gets the caller token of the application: set resourceNames to others')]
        : []),
    ]
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
