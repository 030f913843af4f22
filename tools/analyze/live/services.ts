// What others add to our Services: addresses that no Pod of ours has, and doors from outside of the cluster.
import { z } from 'zod'
import { selectsByLabels } from '../../kube/label-selector.ts'
import type { Resource } from '../../kube/resources.ts'
import { readAt, valueAt } from '../finding.ts'
import { findOurResources, readLabels } from '../model/pod.ts'
import { type Judgment, judge } from './judgment.ts'
import type { LiveSubject } from './subject.ts'

const serviceSpec = z.looseObject({
  type: z.string().default('ClusterIP'),
  selector: z.record(z.string(), z.string()).default({}),
  externalIPs: z.array(z.string()).default([]),
})
const slice = z.looseObject({
  endpoints: z
    .array(z.looseObject({ addresses: z.array(z.string()) }))
    .nullish()
    .transform((found) => found ?? []),
})
const serviceName = 'kubernetes.io/service-name'
const managedBy = 'endpointslice.kubernetes.io/managed-by'
const controllers = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io']

export function judgeServices(subject: LiveSubject): Judgment[] {
  const here = (wanted: string) =>
    subject.others.filter(
      ({ kind, metadata }) => kind === wanted && metadata.namespace === subject.namespace,
    )
  return [
    ...here('EndpointSlice').flatMap((each) => judgeSlice(subject, each, here('Pod'))),
    ...here('Service').flatMap((each) => judgeDoor(subject, each)),
  ]
}

/** An EndpointSlice of somebody adds addresses to the Service that it names. */
function judgeSlice(
  { application }: LiveSubject,
  resource: Resource,
  pods: readonly Resource[],
): Judgment[] {
  const labels = resource.metadata.labels ?? {}
  if (labels[serviceName] !== application.service) return []
  if (controllers.includes(labels[managedBy] ?? '')) return []
  const known = pods.map((each) => valueAt(each, ['status', 'podIP']))
  const others = readAt(slice, resource, [])
    .endpoints.flatMap(({ addresses }) => addresses)
    .filter((each) => !known.includes(each))
  return others.length === 0
    ? []
    : [
        judge(
          'weakens',
          resource,
          `it gives the Service ${application.service} the addresses ${others.join(', ')}, which get messages`,
        ),
      ]
}

function judgeDoor({ ours }: LiveSubject, resource: Resource): Judgment[] {
  const { type, selector, externalIPs } = readAt(serviceSpec, resource)
  const isOpen = ['NodePort', 'LoadBalancer'].includes(type) || externalIPs.length > 0
  const selectsUs = findOurResources(ours).some((each) =>
    selectsByLabels(selector, Object(readLabels(each))),
  )
  return isOpen && selectsUs
    ? [
        judge(
          'note',
          resource,
          'it leads from outside of the cluster to our Pods. The policies refuse who is not the gateway',
        ),
      ]
    : []
}
