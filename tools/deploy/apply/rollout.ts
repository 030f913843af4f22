// Waits until the newest Pods of each Deployment are ready, and shows the reason if they are not.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { atPace } from '../../cli/pace.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { type Layout, listWorkloads } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'
import { podSelector } from '../../kube/pod-selector.ts'
import { findRefusedToken } from '../token-keys/refused-token.ts'
import type { StartProblem } from './container-problem.ts'
import { describeUnschedulable, listStartProblems } from './pod-start-error.ts'
import { listNewestPods, listPodEvents } from './pod-state.ts'
import { findRefusedKeys } from './refused-keys.ts'
import { showState } from './show-state.ts'
import { adviseOnAdmission } from './start-advice.ts'

/** Milliseconds for all Deployments together. */
const deadlineMs = 180_000
/** Milliseconds before a note says what the Pods wait for. */
const noteMs = 8_000
/** Milliseconds before an error counts. A registry or istiod may start late, but rarely takes longer. */
const graceMs = 30_000
const pollMs = 500
/** Milliseconds between two looks at the Pods. */
const slowPollMs = 2_000

const deploymentState = z.object({
  metadata: z.object({ generation: z.number() }),
  spec: z.object({ replicas: z.number(), selector: podSelector }),
  status: z.object({
    observedGeneration: z.number().default(0),
    replicas: z.number().default(0),
    updatedReplicas: z.number().default(0),
    availableReplicas: z.number().default(0),
    conditions: z
      .array(z.object({ type: z.string(), status: z.string(), message: z.string().default('') }))
      .default([]),
  }),
})
type DeploymentState = z.infer<typeof deploymentState>

/** Throws UserError if the rollout fails or takes too long. Prints Pods, events and logs before. */
export async function waitForRollout(layout: Layout): Promise<void> {
  const start = performance.now()
  for (const name of listWorkloads(layout)) await waitForDeployment(name, start)
}

async function waitForDeployment(name: string, start: number): Promise<void> {
  // kubelet says the same in several ways, for which the advice is the same.
  const noted = new Set<string>()
  const note = (text: string, todo: string) => {
    if (!noted.has(todo)) say(`  note  ${text}`)
    noted.add(todo)
  }
  for (;;) {
    const args = ['get', 'deployment', name, '-n', namespace, '-o', 'json']
    const state = await kubectlJson(deploymentState, args)
    if (isRolledOut(state)) return
    const { selector } = state.spec
    const waitedMs = performance.now() - start
    if (waitedMs > noteMs) {
      const pods = await listNewestPods(selector)
      const problems = listStartProblems(pods, await listPodEvents())
      const unschedulable = describeUnschedulable(pods)
      const isTried = waitedMs > atPace(graceMs)
      const failure =
        describeReplicaFailure(state) ??
        (isTried ? problems.find(({ isFinal }) => isFinal) : undefined) ??
        (isTried ? await findRefusedKeys(selector) : undefined)
      if ((failure !== undefined && isTried) || waitedMs > atPace(deadlineMs)) {
        await showState(selector, pods)
        const known = toUserError(failure) ?? (await findRefusedToken(selector))
        throw known ?? describeDelay(name, unschedulable, problems[0])
      }
      const error = toUserError(failure ?? problems[0])
      if (error !== undefined) note(error.message, error.todo)
      if (unschedulable !== undefined) {
        note(`waiting up to ${atPace(deadlineMs) / 1_000} s for a node: ${unschedulable}`, 'wait')
      }
      await sleep(atPace(slowPollMs))
    }
    await sleep(atPace(pollMs))
  }
}

function toUserError(found: StartProblem | UserError | undefined): UserError | undefined {
  return found === undefined || found instanceof UserError
    ? found
    : new UserError(found.what, found.todo)
}

function describeDelay(
  name: string,
  unschedulable: string | undefined,
  problem: StartProblem | undefined,
): UserError {
  const what = `the Pods of ${name} are not ready after ${atPace(deadlineMs) / 1_000} s`
  if (unschedulable !== undefined) {
    return new UserError(
      `${what}: ${unschedulable}`,
      'Add a node, or leave out the component that needs so much: docs/production.md. Earlier Pods continue to sign.',
    )
  }
  if (problem !== undefined) return new UserError(`${what}: ${problem.what}`, problem.todo)
  return new UserError(
    what,
    'All resources are applied. Read the state above, fix the cause, and run `make deploy` again.',
  )
}

function isRolledOut({ metadata, spec, status }: DeploymentState): boolean {
  return (
    status.observedGeneration >= metadata.generation &&
    status.updatedReplicas === spec.replicas &&
    status.replicas === spec.replicas &&
    status.availableReplicas === spec.replicas
  )
}

function describeReplicaFailure({ status }: DeploymentState): UserError | undefined {
  const failure = status.conditions.find(({ type }) => type === 'ReplicaFailure')
  if (failure?.status !== 'True') return undefined
  return new UserError(
    `the cluster cannot create a Pod: ${failure.message}`,
    adviseOnAdmission(failure.message) ?? 'Fix the cause. Kubernetes tries again by itself.',
  )
}
