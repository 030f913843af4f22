// Compares our Pods with those that this version ships for the layout and the components that fit them best.
import { sortComponents } from '../../../deploy/render/components.ts'
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
import { type Kind, listChanging, listShippedPods } from './shipped-pods.ts'

type Judged = { resource: Resource; differences: PodDifference[] }

/** Finds how the Pods of an application differ. */
export function judgePods(scope: Scope): Finding[] {
  return fitComponents(scope).flatMap(({ resource, differences }) =>
    differences.map((each) => ({
      resource,
      path: each.path,
      message: explainPod(describeResource(resource), each),
    })),
  )
}

/** The Pod tells which components it has: with each, fewer parts differ than without it. */
function fitComponents(scope: Scope): Judged[] {
  const [shape] = scope.shapes
  if (shape === undefined || scope.pod === undefined) return []
  const kind = { layout: shape.layout, isOurs: scope.application.isOurs }
  let chosen = shape.components.filter((name) => listChanging(kind).includes(name))
  let best = compareAll(scope, kind, chosen)
  for (const name of listChanging(kind)) {
    if (count(best) === 0) break
    const others = chosen.includes(name)
      ? chosen.filter((each) => each !== name)
      : sortComponents([...chosen, name])
    const judged = compareAll(scope, kind, others)
    if (count(judged) >= count(best)) continue
    chosen = others
    best = judged
  }
  return best
}

function compareAll(scope: Scope, kind: Kind, components: readonly string[]): Judged[] {
  const shipped = listShippedPods(kind, components)
  return shipped.flatMap((each) => {
    const isSigner = shipped.length === 1 || each.metadata.name === kind.layout.signer
    const resource = (isSigner ? findSigningResource : findFrontendResource)(scope.resources)
    return resource === undefined ? [] : [{ resource, differences: compare(each, resource, scope) }]
  })
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
    ...compareDeployments(shipped, resource),
    ...comparePods(template, pod, path).filter(
      (each) => !isFilledIn(each, around) && !isFree(each, subject),
    ),
  ]
}

function listVolumes(template: unknown): string[] {
  const volumes = valueAt(template, ['spec', 'volumes'])
  return Array.isArray(volumes) ? volumes.map(({ name }) => name) : []
}

function count(judged: readonly Judged[]): number {
  return judged.reduce((sum, { differences }) => sum + differences.length, 0)
}
