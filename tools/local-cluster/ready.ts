// Waits until the API server and the system Pods are ready.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { tryRun } from '../cli/exec.ts'
import { atPace } from '../cli/pace.ts'
import { UserError } from '../cli/terminal.ts'
import { kubectlJson } from '../kube/kubectl.ts'
import { LOGS } from './paths.ts'

const DEADLINE_MS = 180_000
const POLL_MS = 300
const system = ['kube-system', 'istio-system']

const containerStatus = z.object({
  ready: z.boolean(),
  state: z.object({ running: z.object({ startedAt: z.iso.datetime() }).optional() }),
})
const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ namespace: z.string(), name: z.string() }),
      status: z.object({ containerStatuses: z.array(containerStatus).default([]) }),
    }),
  ),
})

export type PodState = { name: string; ready: boolean }

export async function waitForApi(): Promise<void> {
  await waitFor('the API server is not ready', async () => {
    const { code } = await tryRun('kubectl', ['get', '--raw', '/readyz'], { timeoutMs: 5_000 })
    return code === 0
  })
}

/** Waits until every system Pod that started after `since` (milliseconds since 1970) is ready. Throws UserError. */
export async function waitForSystemPods(since: number): Promise<void> {
  const late = () => listPods(since).then((all) => all.filter(({ ready }) => !ready))
  await waitFor('system Pods are not ready', async () => {
    const all = await listPods(since)
    return all.length > 0 && all.every(({ ready }) => ready)
  }).catch(async (error) => {
    const names = (await late()).map(({ name }) => name).join(', ')
    throw error instanceof UserError && names !== ''
      ? new UserError(`${error.message}: ${names}`, error.todo)
      : error
  })
}

/**
 * Lists the Pods of `namespaces`, by default those of DNS and Istio. After a restart, the API server still reports the state
 * before it. So a container counts as ready only if it started after `since`.
 */
export async function listPods(since: number, namespaces = system): Promise<PodState[]> {
  const { items } = await kubectlJson(pods, ['get', 'pods', '--all-namespaces', '-o', 'json'])
  return items
    .filter(({ metadata }) => namespaces.includes(metadata.namespace))
    .map(({ metadata, status }) => ({
      name: `${metadata.namespace}/${metadata.name}`,
      ready:
        status.containerStatuses.length > 0 &&
        status.containerStatuses.every(({ ready, state }) => ready && isSince(state, since)),
    }))
}

/** Kubernetes rounds times down to seconds. */
function isSince({ running }: z.infer<typeof containerStatus>['state'], since: number): boolean {
  return running !== undefined && Date.parse(running.startedAt) + 1_000 > since
}

async function waitFor(what: string, isDone: () => Promise<boolean>): Promise<void> {
  const limitMs = atPace(DEADLINE_MS)
  const deadline = Date.now() + limitMs
  while (!(await isDone())) {
    if (Date.now() > deadline) {
      throw new UserError(
        `${what} after ${limitMs / 1_000} s`,
        `Read the logs in ${LOGS}, and run \`make cluster-status\`.`,
      )
    }
    await sleep(atPace(POLL_MS))
  }
}
