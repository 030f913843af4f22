// Pods of our namespace: those of ours that somebody changed after they were created, and those of others that can read the key or a
// caller token.
import { z } from 'zod'
import { keySecret } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { readAt, valueAt } from '../finding.ts'
import { matches } from '../model/namespace.ts'
import { findOurResources } from '../model/pod.ts'
import { type Judgment, judge } from './judgment.ts'
import type { LiveSubject } from './subject.ts'

const containers = z.array(z.looseObject({ name: z.string(), image: z.string() })).default([])
const podSpec = z.looseObject({
  containers,
  initContainers: containers,
  ephemeralContainers: containers,
  volumes: z
    .array(
      z.looseObject({
        secret: z.looseObject({ secretName: z.string().optional() }).optional(),
        projected: z
          .looseObject({
            sources: z
              .array(
                z.looseObject({
                  secret: z.looseObject({ name: z.string().optional() }).optional(),
                  serviceAccountToken: z
                    .looseObject({ audience: z.string().optional() })
                    .optional(),
                }),
              )
              .default([]),
          })
          .optional(),
      }),
    )
    .default([]),
})
type PodSpec = z.infer<typeof podSpec>

const ended = ['Succeeded', 'Failed']
const restart =
  'Delete the Pod. Its Deployment makes another one. For an incident, run `make evidence` before'

export function judgePods({ ours, others, namespace }: LiveSubject): Judgment[] {
  const selectors = findOurResources(ours).map((each) =>
    valueAt(each, ['spec', 'selector', 'matchLabels']),
  )
  return others
    .filter(({ kind, metadata }) => kind === 'Pod' && metadata.namespace === namespace)
    .filter((pod) => !ended.includes(String(valueAt(pod, ['status', 'phase']))))
    .flatMap((pod) => {
      const spec = readAt(podSpec, pod)
      const isOurs = selectors.some((each) => matches(each, pod.metadata.labels))
      // A deployment replaces our own Pods.
      if (!isOurs) return findRights(spec).map((message) => judge('breaks', pod, message))
      return findChanges(pod, spec, others).map((message) => ({
        ...judge('weakens', pod, message),
        todo: restart,
      }))
    })
}

/** What a Pod has that its ReplicaSet does not. */
function findChanges(pod: Resource, spec: PodSpec, others: readonly Resource[]): string[] {
  const owner = valueAt(pod, ['metadata', 'ownerReferences', 0, 'name'])
  const maker = others.find(
    ({ kind, metadata }) => kind === 'ReplicaSet' && metadata.name === owner,
  )
  const template = maker && readAt(podSpec, maker, ['spec', 'template', 'spec'])
  const wanted = template && [...template.containers, ...template.initContainers]
  const added = spec.ephemeralContainers.map(({ name }) => name)
  return [
    ...(added.length === 0 ? [] : [`somebody added the ephemeral container ${added.join(', ')}`]),
    ...[...spec.containers, ...spec.initContainers].flatMap(({ name, image }) => {
      const made = wanted?.find((each) => each.name === name)
      // A webhook may have added the container, or filled in its image.
      return made === undefined || made.image === image || made.image === 'auto'
        ? []
        : [`its container ${name} runs ${image}, and its ReplicaSet has ${made.image}`]
    }),
  ]
}

function findRights({ volumes }: PodSpec): string[] {
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? [])
  const hasKey =
    volumes.some(({ secret }) => secret?.secretName === keySecret) ||
    sources.some(({ secret }) => secret?.name === keySecret)
  const hasToken = sources.some(
    ({ serviceAccountToken }) => serviceAccountToken?.audience === 'signer',
  )
  return [
    ...(hasKey ? [`it mounts the Secret ${keySecret}, so it can read the key`] : []),
    ...(hasToken ? ['it has a token for the signer'] : []),
  ]
}
