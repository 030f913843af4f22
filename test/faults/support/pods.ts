// The Pods of the deployment: which there are, how many there should be, and whether their containers were restarted.
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../../deploy/kubectl.ts'
import { deployment, namespace } from '../../../deploy/names.ts'
import { waitForRollout } from '../../../deploy/rollout.ts'

const containerStatus = z.object({
  name: z.string(),
  restartCount: z.number(),
  containerID: z.string().default(''),
})
/** One Pod as the API server describes it. */
export const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
  }),
  status: z.object({
    podIP: z.string().optional(),
    containerStatuses: z.array(containerStatus).default([]),
    initContainerStatuses: z.array(containerStatus).default([]),
  }),
})
const podList = z.object({ items: z.array(podSchema) })
const target = [`deployment/${deployment}`, '-n', namespace]

export type Pod = {
  name: string
  uid: string
  ip: string
  /** By name. `id`: containerd's. */
  containers: Record<string, { id: string; restarts: number }>
}

/** The Pods that are there to stay. */
export async function listPods(): Promise<Pod[]> {
  const args = ['get', 'pods', '-n', namespace, '-l', `app=${deployment}`, '-o', 'json']
  const { items } = await kubectlJson(podList, args)
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(toPod)
}

/** What is needed of it here. */
export function toPod({ metadata, status }: z.infer<typeof podSchema>): Pod {
  return {
    name: metadata.name,
    uid: metadata.uid,
    ip: status.podIP ?? '',
    containers: Object.fromEntries(
      [...status.initContainerStatuses, ...status.containerStatuses].map((each) => [
        each.name,
        { id: each.containerID.replace('containerd://', ''), restarts: each.restartCount },
      ]),
    ),
  }
}

/** One of them. */
export async function findPod(): Promise<Pod> {
  const [pod] = await listPods()
  if (pod === undefined) throw new Error(`no Pod of ${deployment} is there`)
  return pod
}

/** Has `replicas` Pods, ready, none of which was restarted; kubelet waits the longer the oftener it has restarted a container. */
export async function ensureFreshPods(replicas: number): Promise<void> {
  await kubectl(['scale', ...target, `--replicas=${replicas}`])
  const pods = await listPods()
  const isFresh = pods.every(({ containers }) =>
    Object.values(containers).every(({ restarts }) => restarts === 0),
  )
  if (!isFresh) await kubectl(['rollout', 'restart', ...target])
  await waitForRollout()
}

/** One Pod again, as `make deploy` has it. */
export async function restorePods(): Promise<void> {
  await kubectl(['scale', ...target, '--replicas=1'])
  await waitForRollout()
}

/** Replaces every Pod by a new one, as a deployment of a new version does. */
export async function restartPods(): Promise<void> {
  await kubectl(['rollout', 'restart', ...target])
  await waitForRollout()
}
