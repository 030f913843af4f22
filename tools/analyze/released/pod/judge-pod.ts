// Compares our Pods with those that this version ships for their layout and components.
import { sharesPod } from '../../../kube/layouts.ts'
import { describeResource, type Resource } from '../../../kube/resources.ts'
import { type Finding, valueAt } from '../../finding.ts'
import { statusAnnotation } from '../../model/allowed-metadata.ts'
import { findFrontendResource, findSigningResource, pathOf } from '../../model/pod.ts'
import type { Scope } from '../scope.ts'
import { compareDeployments } from './compare-deployments.ts'
import { comparePods, type PodDifference } from './compare-pods.ts'
import { explainPod } from './explain-pod.ts'
import { isFilledIn } from './fill-in-pod.ts'
import { isFree } from './freedoms.ts'
import { type Kind, listShippedPods } from './shipped-pods.ts'
import { listUsedComponents } from './used-components.ts'

/** Finds how the Pods of an application differ. */
export function judgePods(scope: Scope): Finding[] {
  const [shape] = scope.shapes
  if (shape === undefined || scope.pod === undefined) return []
  const kind = { layout: shape.layout, isOurs: scope.application.isOurs }
  const pods = listShippedPods(kind, []).map((each) => findPod(each, kind, scope.resources))
  const templates = pods.map((each) => each && valueAt(each, pathOf(each)))
  const components = listUsedComponents(kind, shape.components, templates)
  return listShippedPods(kind, components).flatMap((shipped, index) => {
    const resource = pods[index]
    if (resource === undefined) return [explainAbsent(shipped, scope)]
    return compare(shipped, resource, scope).map((each) => ({
      resource,
      path: each.path,
      message: explainPod(describeResource(resource), each),
    }))
  })
}

/** Of two Pods, the frontend's can be missing, or in another namespace. */
function explainAbsent({ metadata }: Resource, { namespace }: Scope): Finding {
  const name = `Deployment/${metadata.name}`
  return {
    ...{ group: 'apps', path: [] },
    message: `${name} is missing in the namespace ${namespace}, where the signer lets it call. Give it this namespace, or analyze its folder together with this one`,
  }
}

function findPod(shipped: Resource, { layout }: Kind, resources: readonly Resource[]) {
  const isFrontend = !sharesPod(layout) && shipped.metadata.name === layout.frontend
  return isFrontend ? findFrontendResource(resources) : findSigningResource(resources)
}

function compare(shipped: Resource, resource: Resource, scope: Scope): PodDifference[] {
  const path = pathOf(resource)
  const template = valueAt(shipped, pathOf(shipped))
  const pod = valueAt(resource, path)
  const isInjected =
    path.length === 0 || valueAt(pod, ['metadata', 'annotations', statusAnnotation]) !== undefined
  const around = { ...scope, isInjected }
  const subject = { pod, isInjected, volumes: listVolumes(template) }
  return [
    ...compareDeployments(shipped, resource, scope),
    ...comparePods(template, pod, path).filter(
      (each) => !isFilledIn(each, around) && !isFree(each, subject),
    ),
  ]
}

function listVolumes(template: unknown): string[] {
  const volumes = valueAt(template, ['spec', 'volumes'])
  return Array.isArray(volumes) ? volumes.map(({ name }) => name) : []
}
