// Moves a resource of this project to the application, as k8s/components/application does: to its namespace, and with its names.
import { z } from 'zod'
import { application } from '../../kube/application.ts'
import { namespace, policyPrefixOf, service, writtenNamespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'

/** The Service in our YAML. */
const writtenService = 'frontend'
const bindingSpec = z.looseObject({ policyName: z.string(), matchResources: z.looseObject({}) })
const admissionKind = /^ValidatingAdmissionPolicy(Binding)?$/
const namedAfterService = ['VirtualService', 'DestinationRule', 'HTTPRoute']

/** Cluster-wide resources and those of other namespaces are for all applications, and stay. */
export function moveToApplication(resource: Resource): Resource {
  const { kind, metadata } = resource
  if (application.isOurs) return resource
  if (admissionKind.test(kind)) return movePolicy(resource, namespace)
  if (metadata.namespace !== writtenNamespace) return resource
  const isRenamed = metadata.name === writtenService && namedAfterService.includes(kind)
  const name = isRenamed ? service : metadata.name
  return { ...resource, metadata: { ...metadata, name, namespace } }
}

/** Moves an admission policy or a binding to the namespace `to`. */
export function movePolicy(resource: Resource, to: string): Resource {
  const move = (name: string) =>
    name.replace(new RegExp(`^${policyPrefixOf(writtenNamespace)}`), policyPrefixOf(to))
  const { metadata, spec } = resource
  const moved = { ...resource, metadata: { ...metadata, name: move(metadata.name) } }
  const binding = bindingSpec.safeParse(spec)
  if (!binding.success) return moved
  const { policyName, matchResources } = binding.data
  const matchLabels = { 'kubernetes.io/metadata.name': to }
  return {
    ...moved,
    spec: {
      ...binding.data,
      policyName: move(policyName),
      matchResources: { ...matchResources, namespaceSelector: { matchLabels } },
    },
  }
}
