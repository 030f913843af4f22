// What runs in a namespace, and since when. Pods that end are left out.
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'

const statuses = z
  .array(z.object({ name: z.string(), restartCount: z.number(), containerID: z.string() }))
  .default([])
const container = z.object({
  name: z.string(),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).default([]),
})
const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        uid: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
        deletionTimestamp: z.string().optional(),
      }),
      spec: z.object({
        containers: z.array(container),
        initContainers: z.array(container).default([]),
      }),
      status: z.object({
        podIP: z.string().default(''),
        containerStatuses: statuses,
        initContainerStatuses: statuses,
      }),
    }),
  ),
})
export type RunningPod = z.infer<typeof pods>['items'][number]

export async function listPodsOf(namespace: string, selector: string): Promise<RunningPod[]> {
  const args = ['get', 'pods', '-n', namespace, '-l', selector, '-o', 'json']
  const { items } = await kubectlJson(pods, args)
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

/** The only Pod with the label, after the last rollout. */
export async function findPodOf(namespace: string, selector: string): Promise<RunningPod> {
  const [pod, second] = await listPodsOf(namespace, selector)
  if (pod !== undefined && second === undefined) return pod
  throw new Error(`expected one Pod of ${selector} in ${namespace}`)
}

/** What changes if a Pod is replaced or a container restarts. */
export function identify({ metadata, status }: RunningPod): unknown {
  const { uid } = metadata
  const all = [...status.initContainerStatuses, ...status.containerStatuses]
  return {
    uid,
    containers: all.map(({ containerID, restartCount }) => [containerID, restartCount]),
  }
}

export async function waitForRolloutOf(namespace: string, deployment: string): Promise<void> {
  const args = ['rollout', 'status', `deployment/${deployment}`, '-n', namespace, '--timeout=120s']
  await kubectl(args, { timeoutMs: 130_000 })
}
