// One application with a signer, as far as the shipped resources depend on it: its namespace, layout, components and Pod.
import { sortComponents } from '../../deploy/render/components.ts'
import { componentNames, tokenKeysComponent } from '../../kube/application/component-names.ts'
import { type Layout, layouts } from '../../kube/layouts.ts'
import { policyPrefixOf, writtenNamespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { itemsOf, valueAt } from '../finding.ts'
import { type Application, isOfProject } from '../model/application.ts'
import { deriveApplication } from '../model/derive-application.ts'
import { findPodNamespace, listPodNamespaces } from '../model/namespace.ts'
import {
  agentName,
  findSigningResource,
  listWorkloadResources,
  pathOf,
  readLayout,
} from '../model/pod.ts'
import { linkerd, listOfComponent, listShipped, type Shape } from './shipped.ts'

/** A container as the resource has it, because an unreadable Pod has policies too. */
type Container = Readonly<Record<string, unknown>>

export type Scope = {
  namespace: string
  application: Application
  /** The resources of this namespace, and those without a namespace. */
  resources: readonly Resource[]
  /** Those of all namespaces. */
  all: readonly Resource[]
  /** Undefined if the Pod is somewhere else. */
  pod: Resource | undefined
  containers: readonly Container[]
  /** What fits the resources. There are several if the resources do not tell. */
  shapes: readonly Shape[]
}

/** The components that a key manager may have, by the provider in the SecretStore. */
const managers: Readonly<Record<string, string>> = {
  aws: 'external-secrets-aws',
  azurekv: 'external-secrets-azure',
  gcpsm: 'external-secrets-gcp',
}

/** Lists the namespaces with a signer, or ours. `judged`: the application of the first one. */
export function listScopes(resources: readonly Resource[], judged: Application): Scope[] {
  const first = findPodNamespace(resources)
  const others = listWorkloadResources(resources)
    .filter((each) => readContainers(each).some(isSigner))
    .flatMap(({ metadata }) => metadata.namespace ?? [])
  return [...new Set([first, ...others])].map((namespace) => {
    const here = resources.filter(({ metadata }) => (metadata.namespace ?? namespace) === namespace)
    const application = namespace === first ? judged : (deriveApplication(here) ?? judged)
    return readScope(namespace, here, resources, application)
  })
}

function readScope(
  namespace: string,
  resources: readonly Resource[],
  all: readonly Resource[],
  application: Application,
): Scope {
  const pod = findSigningResource(resources)
  const containers = pod === undefined ? [] : readContainers(pod)
  const has = (kind: RegExp, name: string) =>
    resources.some((each) => kind.test(each.kind) && each.metadata.name === name)
  const layoutsHere = pod === undefined ? layouts : [readLayoutOf(resources)]
  // Without the Pod, nobody can tell how it is confined.
  const confined = pod === undefined ? [[], ['seccomp'], ['selinux'], ['seccomp', 'selinux']] : [[]]
  // A namespace that others share is not among the resources, or is theirs.
  const isOwn = listPodNamespaces(resources).some((each) => application.isOurs || isOfProject(each))
  const sharing = isOwn ? [[]] : [[], ['shared-namespace']]
  const shapes = layoutsHere.flatMap((layout) => {
    const used = listUsed(layout, { namespace, resources, all, containers })
    const gateways = layout.isMeshed ? listGateways(resources, application) : []
    return confined.flatMap((more) => {
      const names = sortComponents([...new Set([...used, ...more])])
      const isRestricted =
        has(
          /^ValidatingAdmissionPolicy(Binding)?$/,
          `${policyPrefixOf(namespace)}pods-stay-restricted`,
        ) && !names.includes('selinux')
      const own = isRestricted ? [...names, 'pods-stay-restricted'] : names
      return sharing.map((shared) => ({ layout, components: [...own, ...shared], gateways }))
    })
  })
  return { namespace, application, resources, all, pod, containers, shapes }
}

/** True for what this version ships for the application, whether it was changed or not. */
export function isShipped(resource: Resource, scope: Scope): boolean {
  const { namespace, application, shapes } = scope
  return shapes.some((shape) =>
    listShipped(namespace, application, shape).some((each) =>
      isSame(each.resource, resource, namespace),
    ),
  )
}

/** A resource without a namespace counts as one of the application. */
export function isSame(shipped: Resource, found: Resource, namespace: string): boolean {
  const place = shipped.metadata.namespace
  return (
    found.kind === shipped.kind &&
    found.metadata.name === shipped.metadata.name &&
    (place === undefined || (found.metadata.namespace ?? namespace) === place)
  )
}

/** Also knows the layout that `make deploy` does not have. */
function readLayoutOf(resources: readonly Resource[]): Layout {
  const layout = readLayout(resources)
  const isOfLinkerd = resources.some(({ apiVersion }) =>
    apiVersion.startsWith('policy.linkerd.io/'),
  )
  return isOfLinkerd && !layout.isMeshed ? linkerd : layout
}

/** Lists the components that added one of the resources, or confined or changed one. */
function listUsed(
  layout: Layout,
  {
    namespace,
    resources,
    all,
    containers,
  }: Pick<Scope, 'namespace' | 'resources' | 'all' | 'containers'>,
): string[] {
  const signer = containers.find(({ name }) => name === 'signer')
  const isConfinedBy = (path: readonly string[], prefix: string) =>
    String(valueAt(signer, ['securityContext', ...path]) ?? '').startsWith(prefix)
  const store = resources.find(({ kind, metadata }) => {
    return kind === 'SecretStore' && metadata.name === 'key-manager'
  })
  const providers = Object.keys(Object(valueAt(store, ['spec', 'provider'])))
  const manager = managers[providers[0] ?? ''] ?? managers.aws
  const tokenRules = resources
    .filter(({ kind, metadata }) => {
      return kind === 'RequestAuthentication' && metadata.name === 'signer-authenticate-caller'
    })
    .flatMap(({ spec }) => valueAt(spec, ['jwtRules']))
  const marks: Readonly<Record<string, boolean>> = {
    vault: containers.some(({ name }) => name === agentName),
    seccomp: isConfinedBy(['seccompProfile', 'localhostProfile'], 'secure-signing/'),
    apparmor: isConfinedBy(['appArmorProfile', 'localhostProfile'], 'secure-signing-'),
    selinux: isConfinedBy(['seLinuxOptions', 'type'], 'secure_signing_'),
  }
  const added = componentNames
    .filter((name) => !name.startsWith('external-secrets-') || name === manager)
    .filter(
      (name) =>
        marks[name] === true ||
        // The policy of selinux may be there without it.
        (name !== 'selinux' &&
          listOfComponent(name, layout).some((own) =>
            all.some((each) => isAdded(each, own, namespace)),
          )),
    )
  const isFetched = tokenRules.some((each) => valueAt(each, ['jwksUri']) !== undefined)
  return isFetched ? [...added, tokenKeysComponent] : added
}

/** True if a component has added `found`. An application may have a resource of the same name. */
function isAdded(found: Resource, own: Resource, namespace: string): boolean {
  const { kind, metadata } = own
  const isPolicy = kind.startsWith('ValidatingAdmissionPolicy')
  const name = isPolicy
    ? metadata.name.replace(policyPrefixOf(writtenNamespace), policyPrefixOf(namespace))
    : metadata.name
  const place = metadata.namespace === writtenNamespace ? namespace : metadata.namespace
  return (
    found.kind === kind &&
    found.metadata.name === name &&
    (isPolicy || (found.metadata.namespace ?? place) === place) &&
    (isPolicy || isOfProject(found))
  )
}

/** Lists folders of k8s/gateways. An application may have its own route or DestinationRule. */
function listGateways(resources: readonly Resource[], application: Application): string[] {
  const { service, isOurs } = application
  const isShipped = (each: Resource) => isOurs || isOfProject(each)
  const find = (kind: string, name: string) =>
    resources.find(
      (each) =>
        each.kind === kind &&
        each.metadata.name === name &&
        isShipped(each) &&
        !each.apiVersion.startsWith('policy.linkerd.io/'),
    )
  const ofIstio = find('VirtualService', service)
  const bound = valueAt(ofIstio, ['spec', 'gateways'])
  const isOwn =
    find('Gateway', 'public') !== undefined || (Array.isArray(bound) && bound.includes('public'))
  const chooseFolder = () => {
    const hasRoute = resources.some((each) => leadsTo(each, service))
    if (!isOurs && ofIstio === undefined && hasRoute) return 'none'
    if (isOwn) return 'own'
    if (ofIstio !== undefined) return 'istio'
    return find('HTTPRoute', service) === undefined ? 'none' : 'gateway-api'
  }
  const hasOwnRule = resources.some(
    (each) =>
      each.kind === 'DestinationRule' &&
      !(each.metadata.name === service && isShipped(each)) &&
      String(valueAt(each, ['spec', 'host'])).split('.')[0] === service,
  )
  return [chooseFolder(), ...(hasOwnRule ? ['own-destination-rule'] : [])]
}

/** True for a route of the application. */
function leadsTo(resource: Resource, service: string): boolean {
  const { kind, spec } = resource
  const isRoute = kind === 'VirtualService' || kind === 'HTTPRoute'
  return isRoute && !isOfProject(resource) && listHosts(spec).includes(service)
}

/** The names of Services in a route, without their namespaces. */
function listHosts(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' && (key === 'host' || key === 'name')
      ? [inner.split('.')[0] ?? '']
      : listHosts(inner),
  )
}

function isSigner({ name, volumeMounts }: Container): boolean {
  return name === 'signer' && itemsOf(volumeMounts).some((each) => each.name === 'hmac-key')
}

function readContainers(resource: Resource): Container[] {
  return itemsOf(valueAt(resource, [...pathOf(resource), 'spec', 'containers']))
}
