// Starts a Pod of a lane, and waits until it is ready or cannot become ready.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Resource } from '../../../../tools/kube/resources.ts'
import type { Api } from '../../../../tools/verify/admission/api-server/api.ts'
import { podSchema } from '../../../../tools/verify/attack/target.ts'

const text = z.string().default('')
const statusSchema = z.object({
  name: z.string(),
  containerID: text,
  restartCount: z.number().default(0),
  state: z
    .object({
      waiting: z.object({ reason: text, message: text }).optional(),
      terminated: z.object({ reason: text, exitCode: z.number() }).optional(),
    })
    .default({}),
})
const stateSchema = z.object({
  metadata: z.object({ uid: z.string() }),
  status: z.object({
    ...{ phase: text, message: text },
    conditions: z
      .array(z.object({ type: z.string(), status: z.string(), message: text }))
      .default([]),
    initContainerStatuses: z.array(statusSchema).default([]),
    containerStatuses: z.array(statusSchema).default([]),
  }),
})

/** A container, by its id in the container runtime. */
export type Running = { name: string; id: string }

export type StartedPod = {
  pod: z.infer<typeof podSchema>
  containers: readonly Running[]
  seconds: number
}

const POLL_MS = 300
/** Neither time nor another try fixes these. */
const final =
  /^(CreateContainerConfigError|CreateContainerError|RunContainerError|CrashLoopBackOff|InvalidImageName|ErrImageNeverPull|ErrImagePull|ImagePullBackOff|StartError)$/

const pathOf = (namespace: string, name = '') => `/api/v1/namespaces/${namespace}/pods/${name}`

/** Returns the Pod, or why it does not become ready within `waitMs`. */
export async function startPod(
  api: Api,
  pod: Resource,
  waitMs: number,
): Promise<StartedPod | string> {
  const { name, namespace = '' } = pod.metadata
  const { status, said } = await api.send({
    ...{ method: 'POST', path: pathOf(namespace), body: pod },
  })
  return status >= 400 ? said : waitForPod(api, namespace, name, waitMs)
}

/** Returns the Pod, or why it is not ready within `waitMs`. */
export async function waitForPod(
  api: Api,
  namespace: string,
  name: string,
  waitMs: number,
): Promise<StartedPod | string> {
  const start = Date.now()
  for (;;) {
    await sleep(POLL_MS)
    const answer = await api.send({ method: 'GET', path: pathOf(namespace, name) })
    if (answer.status >= 400) return answer.said
    const state = stateSchema.parse(JSON.parse(answer.said))
    const statuses = [...state.status.initContainerStatuses, ...state.status.containerStatuses]
    const isReady = state.status.conditions.some(
      (each) => each.type === 'Ready' && each.status === 'True',
    )
    if (isReady) {
      return {
        pod: podSchema.parse(JSON.parse(answer.said)),
        containers: statuses.map((each) => ({
          name: each.name,
          id: each.containerID.replace(/^.*:\/\//, ''),
        })),
        seconds: (Date.now() - start) / 1_000,
      }
    }
    const problem = describeProblem(state.status, statuses)
    if (problem !== undefined) return problem
    if (Date.now() - start > waitMs) return `not ready within ${Math.round(waitMs / 1_000)} s`
  }
}

/** Does not wait until it has ended. */
export async function removePod(api: Api, namespace: string, name: string): Promise<void> {
  await api.send({
    method: 'DELETE',
    path: `${pathOf(namespace, name)}?gracePeriodSeconds=0&propagationPolicy=Background`,
  })
}

function describeProblem(
  { phase, message, conditions }: z.infer<typeof stateSchema>['status'],
  statuses: readonly z.infer<typeof statusSchema>[],
): string | undefined {
  if (phase === 'Failed') return `failed: ${message}`
  const unscheduled = conditions.find(
    (each) => each.type === 'PodScheduled' && each.status === 'False',
  )
  if (unscheduled !== undefined) return `no node: ${unscheduled.message}`
  for (const { name, state, restartCount } of statuses) {
    const { waiting, terminated } = state
    if (waiting !== undefined && final.test(waiting.reason)) {
      return `${name}: ${waiting.reason}: ${waiting.message}`
    }
    if (terminated !== undefined && terminated.exitCode !== 0 && restartCount > 0) {
      return `${name} ended with ${terminated.exitCode} (${terminated.reason})`
    }
  }
  return undefined
}
