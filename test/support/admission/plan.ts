// What has to be tried for a mutation, on the API server.
import { namespace as ours } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { isAdmission, policyOf } from '../../../tools/verify/admission/policies.ts'
import type { Verdict } from '../mutations/judge.ts'
import type { Mutation } from '../mutations/mutation.ts'
import { listAbout, podSecurity } from './baseline.ts'

export type Plan = {
  /** The policies that the mutation changes, or Pod Security. */
  affected: ReadonlySet<string>
  /** The policies and bindings in the lane. Without a ConfigMap, only those about what is affected. */
  policies: readonly Resource[]
  /** What has to be accepted before anything is tried. */
  written?: (lane: string) => Resource
  /** The verdict if the API server accepts it, where no attempt decides. */
  else?: Verdict
}

const keptConfigMaps = ['envoy-admin-allowlist', 'vault-agent']

const notRun = (evidence: string): Verdict => ({ class: 'not run', evidence })
const elsewhere: readonly (readonly [path: RegExp, reason: string])[] = [
  [/^metadata\.ownerReferences/, 'the garbage collector decides, and this API server has none'],
  [/^metadata\.annotations\.(argocd|kustomize)/, 'a GitOps tool decides, and none runs here'],
]

/** Undefined if the API server does not decide about it. */
export function planOf(resources: readonly Resource[], mutation: Mutation): Plan | undefined {
  const { resource } = mutation
  const path = mutation.change?.path.join('.') ?? ''
  const reason = elsewhere.find(([pattern]) => pattern.test(path))?.[1]
  const plan = isAdmission(resource)
    ? planPolicy(mutation)
    : resource.kind === 'Namespace' && resource.metadata.name === ours
      ? planNamespace(mutation, path)
      : resource.kind === 'ConfigMap' && keptConfigMaps.includes(resource.metadata.name)
        ? planConfigMap(resources, mutation)
        : undefined
  return plan && reason ? { ...plan, else: notRun(reason) } : plan
}

/** Only the policies that it changes act. What the others refuse is known. */
function planPolicy(mutation: Mutation): Plan {
  const changed = mutation.changed()
  const affected = new Set([mutation.resource, ...(changed ? [changed] : [])].map(policyOf))
  const acting = listAbout(mutation.resources(), affected)
  // What is no longer a policy is applied too, because the API server may refuse it.
  const odd = changed && !acting.includes(changed) ? [changed] : []
  return { affected, policies: [...acting, ...odd] }
}

function planNamespace(mutation: Mutation, path: string): Plan {
  const changed = mutation.changed()
  const plan = { affected: new Set([podSecurity]), policies: [] }
  const absent: Verdict = {
    class: 'breaks',
    evidence: `without the Namespace ${ours}, nothing can be created in it`,
  }
  if (changed === undefined || changed.metadata.name !== ours) return { ...plan, else: absent }
  const written = (lane: string): Resource => ({
    ...changed,
    metadata: { ...changed.metadata, name: lane },
  })
  const isSecurity = path === 'metadata.labels' || path.includes('pod-security.kubernetes.io')
  return isSecurity
    ? { ...plan, written }
    : { ...plan, written, else: notRun('the API server accepts it, and the mesh may read it') }
}

/** All policies act, and one of them compares it with the released one. */
function planConfigMap(resources: readonly Resource[], mutation: Mutation): Plan {
  const changed = mutation.changed()
  const plan = { affected: new Set<string>(), policies: resources.filter(isAdmission) }
  const { resource } = mutation
  if (changed === undefined) return { ...plan, else: notRun('kubelet decides, and none runs here') }
  const written = (lane: string): Resource => ({
    ...changed,
    metadata: {
      ...changed.metadata,
      ...(changed.metadata.namespace === ours && { namespace: lane }),
    },
  })
  const isSame =
    changed.metadata.name === resource.metadata.name &&
    changed.metadata.namespace === resource.metadata.namespace &&
    [changed.data, changed.binaryData].every(
      (each, index) =>
        JSON.stringify(each) === JSON.stringify([resource.data, resource.binaryData][index]),
    )
  return isSame
    ? { ...plan, written }
    : { ...plan, written, else: notRun('the API server accepts it, and kubelet decides') }
}
