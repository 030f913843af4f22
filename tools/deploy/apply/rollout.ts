// Waits until the newest Pods of each Deployment serve, and shows why if they don't.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { tryRun } from '../../cli/exec.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { type Layout, listWorkloads } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'
import { describeHindrance, describeHomeless, type PodState, podStates } from './pod-start-error.ts'
import { findRefusedKeys } from './refused-keys.ts'

/** Milliseconds. */
const deadlineMs = 180_000
/** Milliseconds; what hinders a Pod may pass (a registry, istiod starting), but rarely after this. */
const patienceMs = 30_000
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

/** Throws UserError, after showing Pods, events and logs, if the rollout is not done in time or can't succeed. */
export async function waitForRollout(layout: Layout): Promise<void> {
  const start = performance.now()
  for (const name of listWorkloads(layout)) await waitForDeployment(name, start)
}

/** `start`: of all of it, as performance.now() says it. */
async function waitForDeployment(name: string, start: number): Promise<void> {
  let isHomelessTold = false
  for (;;) {
    const args = ['get', 'deployment', name, '-n', namespace, '-o', 'json']
    const state = await kubectlJson(deploymentState, args)
    if (isRolledOut(state)) return
    const waited = performance.now() - start
    if (waited > patienceMs) {
      const pods = await listPods(name)
      const failure =
        describeRefusal(state) ?? describeHindrance(pods) ?? (await findRefusedKeys(name))
      const homeless = describeHomeless(pods)
      if (failure !== undefined || waited > deadlineMs) {
        await showState(name)
        throw failure ?? describeDelay(name, homeless)
      }
      if (homeless !== undefined && !isHomelessTold) {
        say(
          `  note  ${homeless}; waiting, ${deadlineMs / 1_000} s in all, should one be on its way`,
        )
        isHomelessTold = true
      }
    }
    await sleep(pollMs)
  }
}

function describeDelay(name: string, homeless: string | undefined): UserError {
  const what = `the Pods of ${name} are not ready after ${deadlineMs / 1_000} s`
  return homeless === undefined
    ? new UserError(
        what,
        'see its state above; everything is applied: mend it and run make deploy again',
      )
    : new UserError(
        `${what}: ${homeless}`,
        'add a node, or leave out the component that asks for so much (docs/production.md); Pods from before go on signing',
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

function describeRefusal({ status }: DeploymentState): UserError | undefined {
  const refused = status.conditions.find((each) => each.type === 'ReplicaFailure')
  if (refused?.status !== 'True') return undefined
  return new UserError(
    `no Pod can be made: ${refused.message}`,
    'mend that; it is tried again by itself',
  )
}

async function listPods(name: string): Promise<PodState[]> {
  const args = ['get', 'pods', '-n', namespace, '-l', `app=${name}`, '-o', 'json']
  return (await kubectlJson(podStates, args)).items
}

async function showState(name: string): Promise<void> {
  const here = ['-n', namespace]
  const pods = ['-l', `app=${name}`]
  const views: readonly (readonly string[])[] = [
    ['get', 'pods', ...here, '-o', 'wide'],
    // `get events` sorts what the scheduler says before all else: it has no time where that looks.
    ['events', ...here, '--types=Warning'],
    ['logs', ...here, ...pods, '--all-containers', '--prefix', '--tail=10', '--ignore-errors'],
  ]
  for (const args of views) {
    const { stdout, stderr } = await tryRun('kubectl', args, { timeoutMs: 15_000 })
    say(`--- kubectl ${args.join(' ')}`)
    const lines = (stdout || stderr).trimEnd().split('\n').slice(-25)
    for (const line of lines) say(line.length > 400 ? `${line.slice(0, 400)}…` : line)
  }
}
