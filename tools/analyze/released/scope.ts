// One application with a signer, as far as the exact resources depend on it: its namespace, layout, components and Pod.
import { type Layout, layouts } from '../../kube/layouts.ts'
import { policyPrefixOf } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { valueAt } from '../finding.ts'
import { findPodNamespace, listPodNamespaces } from '../model/namespace.ts'
import {
  agentName,
  findSigningResource,
  listWorkloadResources,
  pathOf,
  readLayout,
} from '../model/pod.ts'

/** A container as the resource has it, because an unreadable Pod has policies too. */
type Container = Readonly<Record<string, unknown>>

export type Scope = {
  namespace: string
  /** The resources of this namespace, and those without a namespace. */
  resources: readonly Resource[]
  /** Undefined if the Pod is somewhere else. */
  pod: Resource | undefined
  containers: readonly Container[]
  /** The layouts and components that fit the resources. There are several if the resources do not tell. */
  shapes: readonly { layout: Layout; components: readonly string[] }[]
}

/** Lists the namespaces with a signer, or ours. */
export function listScopes(resources: readonly Resource[]): Scope[] {
  const first = findPodNamespace(resources)
  const others = listWorkloadResources(resources)
    .filter((each) => readContainers(each).some(isSigner))
    .flatMap(({ metadata }) => metadata.namespace ?? [])
  return [...new Set([first, ...others])].map((namespace) =>
    readScope(
      namespace,
      resources.filter(({ metadata }) => (metadata.namespace ?? namespace) === namespace),
    ),
  )
}

function readScope(namespace: string, resources: readonly Resource[]): Scope {
  const pod = findSigningResource(resources)
  const containers = pod === undefined ? [] : readContainers(pod)
  const signer = containers.find(({ name }) => name === 'signer')
  const has = (kind: RegExp, name: string) =>
    resources.some((each) => kind.test(each.kind) && each.metadata.name === name)
  const hasPolicy = (name: string) =>
    has(/^ValidatingAdmissionPolicy(Binding)?$/, `${policyPrefixOf(namespace)}${name}`)
  const isConfinedBy = (path: readonly string[], prefix: string) =>
    String(valueAt(signer, ['securityContext', ...path]) ?? '').startsWith(prefix)
  const uses: Readonly<Record<string, boolean>> = {
    vault:
      containers.some(({ name }) => name === agentName) ||
      ['agent-runs-as-released', 'agent-config-as-released', 'token-from-kubelet-alone'].some(
        (name) => hasPolicy(`vault-${name}`),
      ),
    // The policy is the same for each of the three.
    'external-secrets-aws':
      has(/^ServiceAccount$/, 'key-reader') || hasPolicy('operator-alone-is-key-reader'),
    seccomp: isConfinedBy(['seccompProfile', 'localhostProfile'], 'secure-signing/'),
    selinux: isConfinedBy(['seLinuxOptions', 'type'], 'secure_signing_'),
  }
  // Without the Pod, nobody can tell how it is confined.
  const confined = pod === undefined ? [[], ['seccomp'], ['selinux'], ['seccomp', 'selinux']] : [[]]
  const layoutsHere = pod === undefined ? layouts : [readLayout(resources)]
  // A namespace that others share is not among the resources.
  const sharing = listPodNamespaces(resources).length > 0 ? [[]] : [[], ['shared-namespace']]
  const shapes = layoutsHere.flatMap((layout) =>
    confined.flatMap((more) => {
      const used = [...Object.keys(uses).filter((name) => uses[name]), ...more]
      const isRestricted = hasPolicy('pods-stay-restricted') && !used.includes('selinux')
      const own = isRestricted ? [...used, 'pods-stay-restricted'] : used
      return sharing.map((shared) => ({ layout, components: [...own, ...shared] }))
    }),
  )
  return { namespace, resources, pod, containers, shapes }
}

function isSigner({ name, volumeMounts }: Container): boolean {
  const mounts = Array.isArray(volumeMounts) ? volumeMounts : []
  return name === 'signer' && mounts.some((each) => valueAt(each, ['name']) === 'hmac-key')
}

function readContainers(resource: Resource): Container[] {
  const found = valueAt(resource, [...pathOf(resource), 'spec', 'containers'])
  return Array.isArray(found) ? found.map((each) => Object(each)) : []
}
