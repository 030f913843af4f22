// Names, labels and annotations: what controllers of others and the API server act on.
import type { Finding } from '../../../analyze/finding.ts'
import { describeResource, type Resource } from '../../../kube/resources.ts'
import { exportAnnotation as exportTo } from '../../scratch/isolate.ts'
import { type Check, isAsDeployed, refuse } from './context.ts'
import { useOf } from './kinds.ts'

const known = ['name', 'namespace', 'labels', 'annotations', 'creationTimestamp']
/** Names that a scratch namespace has already, or that Istio and Kubernetes write. */
const taken = /^(matrix-|scratch-gateway$|hmac-key$|signer-freeze$|kube-root-ca|istio-ca-|default$)/
/** Nothing of these acts on a label: the tools that deploy do not read them. */
const ownLabels =
  /^([^/]+|app\.kubernetes\.io\/(name|component|part-of|version)|secure-signing\.dev\/[^/]+|istio\.io\/rev)$/
/** With it, Istio only logs what a policy would decide. */
const dryRun = 'istio.io/dry-run'
const ofIstio = /^([^/]*\.)?istio\.io\//
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
    ...checkMarks(resource, context),
  ]
}

/** What a preview leaves out must not decide about requests. */
const checkMarks: Check = (resource, context) =>
  (['labels', 'annotations'] as const).flatMap((part) =>
    Object.keys(resource.metadata[part] ?? {})
      .filter((key) => ofIstio.test(key) && key !== dryRun && key !== 'istio.io/rev')
      .filter((key) => !isAsDeployed(resource, ['metadata', part, key], context))
      .filter(() => useOf(resource) === 'apply')
      .map((key) =>
        refuse(resource, ['metadata', part, key], `has ${key} of Istio, which no preview applies`),
      ),
  )

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

/** Returns the resource as a preview applies it: only with labels and annotations on which nobody but Istio acts. */
export function stripMetadata(resource: Resource): Resource {
  const { name, namespace, labels = {}, annotations = {} } = resource.metadata
  const own = Object.entries(labels).filter(([key]) => ownLabels.test(key))
  const kept = Object.entries(annotations).filter(([key]) => [dryRun, exportTo].includes(key))
  return {
    ...resource,
    metadata: {
      ...{ name, ...(namespace && { namespace }), labels: Object.fromEntries(own) },
      ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
    },
  }
}
