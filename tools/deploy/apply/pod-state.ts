// The state of Pods and their events, as the API server reports them.
import { z } from 'zod'
import { tryRun } from '../../cli/exec.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'

const text = z.string().default('')
const terminated = z.object({ exitCode: z.number().default(0), reason: text, message: text })
const containerStatus = z.object({
  name: z.string(),
  image: text,
  ready: z.boolean().default(false),
  restartCount: z.number().default(0),
  state: z
    .object({
      waiting: z.object({ reason: text, message: text }).optional(),
      terminated: terminated.optional(),
    })
    .default({}),
  lastState: z.object({ terminated: terminated.optional() }).default({}),
})
export type ContainerStatus = z.infer<typeof containerStatus>

export const podStates = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
      }),
      spec: z.object({ nodeName: text }),
      status: z.object({
        phase: text,
        conditions: z
          .array(z.object({ type: text, status: text, reason: text, message: text }))
          .default([]),
        reason: text,
        message: text,
        initContainerStatuses: z.array(containerStatus).default([]),
        containerStatuses: z.array(containerStatus).default([]),
      }),
    }),
  ),
})
export type PodState = z.infer<typeof podStates>['items'][number]

export const podEvents = z.object({
  items: z.array(
    z.object({
      type: text,
      reason: text,
      message: text,
      involvedObject: z.object({ kind: text, name: text }),
    }),
  ),
})
export type PodEvent = z.infer<typeof podEvents>['items'][number]

/** Lists the containers in the order in which they start. */
export function listStatuses({ status }: PodState): ContainerStatus[] {
  return [...status.initContainerStatuses, ...status.containerStatuses]
}

const replicaSets = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        labels: z.record(z.string(), z.string()).default({}),
        annotations: z.record(z.string(), z.string()).default({}),
      }),
    }),
  ),
})
const hashLabel = 'pod-template-hash'
const revision = 'deployment.kubernetes.io/revision'

/** Lists the Pods of a Deployment's newest ReplicaSet. Without the right to list ReplicaSets, lists all that it selects. */
export async function listNewestPods(selector: string): Promise<PodState[]> {
  const selection = ['-n', namespace, '-l', selector, '-o', 'json']
  const { items } = await kubectlJson(podStates, ['get', 'pods', ...selection])
  const { code, stdout } = await tryRun('kubectl', ['get', 'replicasets', ...selection])
  if (code !== 0) return items
  const [newest] = replicaSets
    .parse(JSON.parse(stdout))
    .items.toSorted((a, b) => readRevision(b.metadata) - readRevision(a.metadata))
  const hash = newest?.metadata.labels[hashLabel]
  if (hash === undefined) return items
  return items.filter(({ metadata }) => metadata.labels[hashLabel] === hash)
}

/** Lists the warnings about Pods of the namespace. Returns none if the user may not list events. */
export async function listPodEvents(): Promise<PodEvent[]> {
  const fields = '--field-selector=involvedObject.kind=Pod,type=Warning'
  const args = ['get', 'events', '-n', namespace, fields, '-o', 'json']
  const { code, stdout } = await tryRun('kubectl', args, { timeoutMs: 15_000 })
  return code === 0 ? podEvents.parse(JSON.parse(stdout)).items : []
}

function readRevision({ annotations }: { annotations: Record<string, string> }): number {
  return Number(annotations[revision] ?? 0)
}
