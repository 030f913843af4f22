// Tells which managers in `managedFields` may write again. People, restores and the cluster's own parts do not.
import { fieldManager } from '../names.ts'

export type ManagedFields = {
  manager: string
  operation: string
  subresource?: string | undefined
  time?: string | undefined
  /** A tree of "f:<name>". A field without content is an empty object. */
  fieldsV1: Record<string, unknown>
}

/** Tools that a person uses, and clients whose name tells nothing. */
const people =
  /^(kubectl([-_].*)?|oc([-_].*)?|k9s|lens|openlens|freelens|headlamp.*|mozilla|rancher|dashboard.*|kubernetes-dashboard.*|curl|wget|node(-fetch)?|python-.*|openapi-generator|go-http-client|unknown|before-first-apply|)$/i
/** They write a resource once, from a backup. */
const restores = /^(velero.*|executor-server|stork|stash.*|kubestash.*|triliovault.*)$/i
/** Parts of the cluster. They write what no deployment applies, or only on request. */
const cluster =
  /^(kube-(controller-manager|apiserver|scheduler)|kubelet|apiserver|cloud-controller-manager|pilot-discovery)$/

export function isOurs(manager: string): boolean {
  return manager === fieldManager || manager.startsWith(`${fieldManager}-`)
}

/** Returns true if this manager writes by itself, so that it may write again. */
export function writesByItself({ manager, subresource }: ManagedFields): boolean {
  if (subresource !== undefined && subresource !== '') return false
  return !isOurs(manager) && ![people, restores, cluster].some((each) => each.test(manager))
}

/** Returns true for `kubectl apply`. A person or a pipeline runs it. */
export function isKubectlApply({ manager, operation }: ManagedFields): boolean {
  return manager === 'kubectl-client-side-apply' || (manager === 'kubectl' && operation === 'Apply')
}

/** Returns true if both trees have a field in common. Metadata, status and the number of Pods do not count. */
export function overlap(one: unknown, other: unknown, path = ''): boolean {
  if (/^\.f:(metadata|status)$|^\.f:spec\.f:replicas$/.test(path)) return false
  const [names, others] = [one, other].map((tree) =>
    Object.keys(Object(tree)).filter((name) => name !== '.'),
  ) as [string[], string[]]
  if (names.length === 0 || others.length === 0) return path !== ''
  return names.some(
    (name) =>
      others.includes(name) && overlap(Object(one)[name], Object(other)[name], `${path}.${name}`),
  )
}
