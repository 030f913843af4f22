// The Pods whose logs are evidence, in every state, with all their containers.
import { z } from 'zod'
import { kubectlJson } from '../kubectl.ts'
import { layouts, listWorkloads } from '../layouts.ts'
import { namespace, protectedLabel } from '../names.ts'
import { readPodSelector } from '../pod-selector.ts'
import { listOf } from '../resources.ts'

const container = z.object({ name: z.string() })
const status = z.object({ name: z.string(), restartCount: z.number().default(0) })
const pod = z
  .object({
    metadata: z.object({ name: z.string(), namespace: z.string(), uid: z.string() }),
    spec: z.object({
      nodeName: z.string().optional(),
      initContainers: z.array(container).default([]),
      containers: z.array(container),
      ephemeralContainers: z.array(container).default([]),
    }),
    status: z
      .object({
        initContainerStatuses: z.array(status).default([]),
        containerStatuses: z.array(status).default([]),
        ephemeralContainerStatuses: z.array(status).default([]),
      })
      .prefault({}),
  })
  .transform(({ metadata, spec, status: states }): LoggedPod => {
    const restarts = new Map(
      [
        ...states.initContainerStatuses,
        ...states.containerStatuses,
        ...states.ephemeralContainerStatuses,
      ].map((each) => [each.name, each.restartCount]),
    )
    const all = [...spec.initContainers, ...spec.containers, ...spec.ephemeralContainers]
    return {
      ...metadata,
      node: spec.nodeName,
      containers: all.map(({ name }) => ({ name, restarts: restarts.get(name) })),
    }
  })

/** `restarts`: undefined before the container has started. */
export type LoggedContainer = { name: string; restarts: number | undefined }
/** `node`: undefined before the Pod is scheduled. `containers` includes init and ephemeral containers. */
export type LoggedPod = {
  namespace: string
  name: string
  uid: string
  node: string | undefined
  containers: LoggedContainer[]
}

/** Lists the Pods of every layout, also those of an earlier deployment. */
export async function listLoggedPods(): Promise<LoggedPod[]> {
  const workloads = [...new Set(layouts.flatMap(listWorkloads))]
  const selectors = await Promise.all(workloads.map(readPodSelector))
  return listPodsBy([`${protectedLabel}=true`, ...selectors].map((each) => [namespace, each]))
}

/** Lists the Pods that one of the label selectors selects in its namespace. */
export async function listPodsBy(
  selectors: readonly (readonly [namespace: string, selector: string])[],
): Promise<LoggedPod[]> {
  const found = await Promise.all(
    selectors.map(([where, selector]) =>
      kubectlJson(listOf(pod), ['get', 'pods', '-n', where, '-l', selector, '-o', 'json']),
    ),
  )
  return [...new Map(found.flat().map((each) => [each.uid, each])).values()]
}
