// Lists, scales and restarts the Pods of the deployment.
import { z } from 'zod'
import { waitForRollout } from '../../../deploy/apply/rollout.ts'
import { kubectl, kubectlJson } from '../../../kube/kubectl.ts'
import { onePod } from '../../../kube/layouts.ts'
import { deployment, namespace } from '../../../kube/names.ts'

const containerStatus = z.object({
  name: z.string(),
  restartCount: z.number(),
  containerID: z.string().default(''),
})
export const podSchema = z.object({
  metadata: z.object({
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
  }),
  status: z.object({
    containerStatuses: z.array(containerStatus).default([]),
    initContainerStatuses: z.array(containerStatus).default([]),
  }),
})
const podList = z.object({ items: z.array(podSchema) })
const target = [`deployment/${deployment}`, '-n', namespace]

export type Pod = {
  uid: string
  /** By name. `id`: of containerd. */
  containers: Record<string, { id: string; restarts: number }>
}

export async function listPods(): Promise<Pod[]> {
  const args = ['get', 'pods', '-n', namespace, '-l', `app=${deployment}`, '-o', 'json']
  const { items } = await kubectlJson(podList, args)
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(toPod)
}

export function toPod({ metadata, status }: z.infer<typeof podSchema>): Pod {
  return {
    uid: metadata.uid,
    containers: Object.fromEntries(
      [...status.initContainerStatuses, ...status.containerStatuses].map((each) => [
        each.name,
        { id: each.containerID.replace('containerd://', ''), restarts: each.restartCount },
      ]),
    ),
  }
}

export async function findPod(): Promise<Pod> {
  const [pod] = await listPods()
  if (pod === undefined) throw new Error(`the Deployment ${deployment} has no Pod`)
  return pod
}

/** Counts the restarts of all containers. */
export async function countRestarts(): Promise<number> {
  const containers = (await listPods()).flatMap((pod) => Object.values(pod.containers))
  return containers.reduce((sum, { restarts }) => sum + restarts, 0)
}

/** Scales to `replicas` ready Pods in which the container `kills` has not restarted. */
export async function ensurePods(replicas: number, kills?: string): Promise<void> {
  await kubectl(['scale', ...target, `--replicas=${replicas}`])
  const pods = await listPods()
  const isFresh = pods.every(({ containers }) => (containers[kills ?? '']?.restarts ?? 0) === 0)
  await (isFresh ? waitForRollout(onePod) : restartPods())
}

/** Replaces every Pod, as a new version does. */
export async function restartPods(): Promise<void> {
  await kubectl(['rollout', 'restart', ...target])
  await waitForRollout(onePod)
}
