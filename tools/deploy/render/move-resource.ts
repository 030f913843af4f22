// Moves a resource of this project to the application, as k8s/components/application does: to its namespace, and with its names.
import { application } from '../../kube/application.ts'
import { namespace, policyPrefix, service } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'

/** Our resources are written for this namespace and this Service. */
const written = { namespace: 'signing', service: 'frontend' }
const admissionKind = /^ValidatingAdmissionPolicy(Binding)?$/
const namedAfterService = ['VirtualService', 'DestinationRule', 'HTTPRoute']

/** Cluster-wide resources and those of other namespaces are for all applications, and stay. */
export function moveToApplication(resource: Resource): Resource {
  const { kind, metadata } = resource
  if (application.isOurs) return resource
  if (admissionKind.test(kind)) {
    const name = metadata.name.replace(/^secure-signing-/, policyPrefix)
    return { ...resource, metadata: { ...metadata, name } }
  }
  if (metadata.namespace !== written.namespace) return resource
  const isRenamed = metadata.name === written.service && namedAfterService.includes(kind)
  const name = isRenamed ? service : metadata.name
  return { ...resource, metadata: { ...metadata, name, namespace } }
}
