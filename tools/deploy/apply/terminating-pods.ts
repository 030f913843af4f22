// Waits for the Pods that a rollout has replaced. They finish their requests after the new ones are ready.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { kubectlJson } from '../../kube/kubectl.ts'
import { type Layout, listWorkloads } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'

/** Milliseconds. terminationGracePeriodSeconds of the Pods is 30. */
const deadlineMs = 60_000
const pollMs = 500

const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
    }),
  ),
})

/** Returns the names of the Pods that still terminate after a minute, for example on a lost node. */
export async function waitForTerminatingPods(
  layout: Layout,
  waitMs = deadlineMs,
): Promise<string[]> {
  const deadline = performance.now() + waitMs
  for (;;) {
    const names = await listTerminatingPods(layout)
    if (names.length === 0 || performance.now() >= deadline) return names
    await sleep(pollMs)
  }
}

async function listTerminatingPods(layout: Layout): Promise<string[]> {
  const selector = `app in (${listWorkloads(layout).join(',')})`
  const args = ['get', 'pods', '-n', namespace, '-l', selector, '-o', 'json']
  const { items } = await kubectlJson(pods, args)
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    .map(({ metadata }) => metadata.name)
}
