// Names, labels and annotations: what controllers of others and the API server act on.
import type { Finding } from '../../../analyze/finding.ts'
import { describeResource, type Resource } from '../../../kube/resources.ts'
import { type Check, isAsDeployed, refuse } from './context.ts'

const known = ['name', 'namespace', 'labels', 'annotations', 'creationTimestamp']
/** Names that a scratch namespace has already, or that Istio and Kubernetes write. */
const taken = /^(matrix-|scratch-gateway$|hmac-key$|signer-freeze$|kube-root-ca|istio-ca-|default$)/
/** Nothing of these acts on a label: the tools that deploy do not read them. */
const ownLabels =
  /^([^/]+|app\.kubernetes\.io\/(name|component|part-of|version)|secure-signing\.dev\/[^/]+|istio\.io\/rev)$/
const longestName = 63

export const checkMetadata: Check = (resource, context) => {
  const { metadata } = resource
  const others = Object.keys(metadata).filter((key) => !known.includes(key))
  const isNew = !context.deployed.some(
    (each) => describeResource(each) === describeResource(resource),
  )
  const same = context.changed.filter(
    (each) => describeResource(each) === describeResource(resource),
  )
  return [
    ...others.map((key) =>
      refuse(resource, ['metadata', key], `sets metadata.${key}, which no preview applies`),
    ),
    ...(isNew && taken.test(metadata.name)
      ? [refuse(resource, ['metadata', 'name'], 'has a name that every scratch namespace uses')]
      : []),
    ...(metadata.name.length > longestName && resource.kind !== 'ConfigMap'
      ? [refuse(resource, ['metadata', 'name'], 'has a name of more than 63 characters')]
      : []),
    ...(same.indexOf(resource) > 0
      ? [refuse(resource, ['metadata', 'name'], 'is there twice. Leave one of them out')]
      : []),
    ...checkNames(resource, context.namespace),
  ]
}

/** A text with the name of a scratch namespace could be meant for the preview alone. */
function checkNames(resource: Resource, namespace: string): Finding[] {
  const found = JSON.stringify(resource).match(new RegExp(`${RegExp.escape(namespace)}-preview`))
  return found === null
    ? []
    : [refuse(resource, [], `names the scratch namespaces of previews, ${namespace}-preview-…`)]
}

export const checkTemplateLabels: Check = (resource, context) => {
  const path = ['spec', 'template', 'metadata', 'labels']
  const labels = Object(Object(resource.spec).template?.metadata?.labels)
  const measured = ['sidecar.istio.io/inject', 'istio.io/dataplane-mode']
  return Object.keys(labels)
    .filter((key) => key === 'istio.io/rev' || !ownLabels.test(key))
    .filter((key) => !measured.includes(key) && !isAsDeployed(resource, [...path, key], context))
    .map((key) =>
      refuse(resource, [...path, key], `has the label ${key} on its Pods, on which others may act`),
    )
}

/** Returns the resource as a preview applies it: without annotations, and with labels on which nobody else acts. */
export function stripMetadata(resource: Resource): Resource {
  const { name, namespace, labels = {} } = resource.metadata
  const own = Object.entries(labels).filter(([key]) => ownLabels.test(key))
  return {
    ...resource,
    metadata: { name, ...(namespace && { namespace }), labels: Object.fromEntries(own) },
  }
}
