// Waits until the newest Pods of each Deployment are ready, and shows the reason if they are not.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { tryRun } from '../../cli/exec.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { type Layout, listWorkloads } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'
import { findRefusedToken } from '../token-keys/refused-token.ts'
import {
  describeStartError,
  describeUnschedulable,
  type PodState,
  podStates,
} from './pod-start-error.ts'
import { findRefusedKeys } from './refused-keys.ts'

/** Milliseconds for all Deployments together. */
const deadlineMs = 180_000
/** Milliseconds before an error counts. A registry or istiod may start late, but rarely takes longer. */
const graceMs = 30_000
const pollMs = 500

const deploymentState = z.object({
  metadata: z.object({ generation: z.number() }),
  spec: z.object({ replicas: z.number() }),
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
  let hasNoted = false
  for (;;) {
    const args = ['get', 'deployment', name, '-n', namespace, '-o', 'json']
    const state = await kubectlJson(deploymentState, args)
    if (isRolledOut(state)) return
    const waitedMs = performance.now() - start
    if (waitedMs > graceMs) {
      const pods = await listPods(name)
      const failure =
        describeReplicaFailure(state) ?? describeStartError(pods) ?? (await findRefusedKeys(name))
      const unschedulable = describeUnschedulable(pods)
      if (failure !== undefined || waitedMs > deadlineMs) {
        await showState(name)
        throw failure ?? (await findRefusedToken(name)) ?? describeDelay(name, unschedulable)
      }
      if (unschedulable !== undefined && !hasNoted) {
        say(`  note  waiting up to ${deadlineMs / 1_000} s for a node: ${unschedulable}`)
        hasNoted = true
      }
    }
    await sleep(pollMs)
  }
}

function describeDelay(name: string, unschedulable: string | undefined): UserError {
  const what = `the Pods of ${name} are not ready after ${deadlineMs / 1_000} s`
  return unschedulable === undefined
    ? new UserError(
        what,
        'All resources are applied. Read the state above, fix the cause, and run `make deploy` again.',
      )
    : new UserError(
        `${what}: ${unschedulable}`,
        'Add a node, or leave out the component that needs so much: docs/production.md. Earlier Pods continue to sign.',
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
    'Fix the cause. Kubernetes tries again by itself.',
  )
}

async function listPods(name: string): Promise<PodState[]> {
  const args = ['get', 'pods', '-n', namespace, '-l', `app=${name}`, '-o', 'json']
  return (await kubectlJson(podStates, args)).items
}

async function showState(name: string): Promise<void> {
  const scope = ['-n', namespace]
  const pods = ['-l', `app=${name}`]
  const views: readonly (readonly string[])[] = [
    ['get', 'pods', ...scope, '-o', 'wide'],
    // Not `get events`, which prints the scheduler's events first: they have no time in the field that it sorts by.
    ['events', ...scope, '--types=Warning'],
    ['logs', ...scope, ...pods, '--all-containers', '--prefix', '--tail=10', '--ignore-errors'],
  ]
  for (const args of views) {
    const { stdout, stderr } = await tryRun('kubectl', args, { timeoutMs: 15_000 })
    say(`--- kubectl ${args.join(' ')}`)
    const lines = (stdout || stderr).trimEnd().split('\n').slice(-25)
    for (const line of lines) say(line.length > 400 ? `${line.slice(0, 400)}…` : line)
  }
}
