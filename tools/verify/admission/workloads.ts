// A Pod in each kind of resource that creates Pods.
import type { Resource } from '../../kube/resources.ts'

const apiVersions = {
  Pod: 'v1',
  PodTemplate: 'v1',
  ReplicationController: 'v1',
  Deployment: 'apps/v1',
  ReplicaSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
} as const

export type WorkloadKind = keyof typeof apiVersions
export const workloadKinds = Object.keys(apiVersions) as WorkloadKind[]
/** Those whose Pod template may change. */
export const keptKinds = workloadKinds.filter((kind) => kind !== 'Pod' && kind !== 'Job')
/** Each has its Pod template in another field. */
export const olderKinds = ['Pod', 'PodTemplate', 'CronJob', 'ReplicaSet'] as const

/** Returns the place of the Pod template, as in JSON Pointer. */
export function findTemplate(kind: WorkloadKind): string {
  if (kind === 'PodTemplate') return '/template'
  return kind === 'CronJob' ? '/spec/jobTemplate/spec/template' : '/spec/template'
}

export const nameWorkload = (kind: WorkloadKind) => `our-${kind.toLowerCase()}`
export const nameOlder = (kind: WorkloadKind) => `older-${kind.toLowerCase()}`

/** Returns a resource of `kind` that creates `pod`. */
export function asWorkload(kind: WorkloadKind, pod: Resource): Resource {
  if (kind === 'Pod') return pod
  const { name, namespace, ...rest } = pod.metadata
  const template = { metadata: rest, spec: pod.spec }
  return {
    apiVersion: apiVersions[kind],
    kind,
    metadata: { name, namespace },
    ...wrap(kind, template),
  }
}

function wrap(kind: WorkloadKind, template: { metadata: object; spec: unknown }): object {
  const labels = Object(template.metadata).labels
  const ending = { ...template, spec: { ...Object(template.spec), restartPolicy: 'Never' } }
  switch (kind) {
    case 'PodTemplate':
      return { template }
    case 'ReplicationController':
      return { spec: { selector: labels, template } }
    case 'Job':
      return { spec: { template: ending } }
    case 'CronJob':
      return { spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: ending } } } }
    case 'StatefulSet':
      return { spec: { serviceName: 'none', selector: { matchLabels: labels }, template } }
    default:
      return { spec: { selector: { matchLabels: labels }, template } }
  }
}
