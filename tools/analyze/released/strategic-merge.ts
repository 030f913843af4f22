// Merges a patch of kustomize into a resource. Of Kubernetes' own kinds, lists are merged by a key. Those of other kinds are replaced.
import type { Resource } from '../../kube/resources.ts'

/** The key of the items, by the field of the list. */
const keys: Readonly<Record<string, string>> = {
  ...{ containers: 'name', initContainers: 'name', volumes: 'name', env: 'name' },
  ...{ volumeMounts: 'mountPath', topologySpreadConstraints: 'topologyKey' },
}
const ofKubernetes = /^(v1$|apps\/|batch\/|policy\/|autoscaling\/|[\w.]+\.k8s\.io\/)/

export type MergePatch = Readonly<Record<string, unknown>>

/** Returns a changed copy. The name in the patch may be another one. */
export function mergePatch(resource: Resource, { metadata, ...patch }: MergePatch): Resource {
  const { name: _, namespace: __, ...rest } = Object(metadata)
  const isTyped = ofKubernetes.test(resource.apiVersion)
  return merge(resource, { ...patch, metadata: rest }, '', isTyped) as Resource
}

function merge(base: unknown, patch: unknown, field: string, isTyped: boolean): unknown {
  if (Array.isArray(patch)) {
    const key = keys[field]
    return isTyped && key !== undefined && Array.isArray(base)
      ? mergeLists(base, patch, key, isTyped)
      : patch
  }
  if (typeof patch !== 'object' || patch === null) return patch
  const merged: Record<string, unknown> = Array.isArray(base) ? {} : { ...Object(base) }
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = merge(merged[name], value, name, isTyped)
  }
  return merged
}

/** What the patch names comes first. */
function mergeLists(base: unknown[], patch: unknown[], key: string, isTyped: boolean): unknown[] {
  const rest = [...base]
  const changed = patch.flatMap((item) => {
    const index = rest.findIndex((each) => Object(each)[key] === Object(item)[key])
    const [found] = index < 0 ? [] : rest.splice(index, 1)
    return Object(item).$patch === 'delete' ? [] : [merge(found, item, '', isTyped)]
  })
  return [...changed, ...rest]
}
