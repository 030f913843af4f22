// Waits for the Pods that a rollout has replaced. They finish their requests after the new ones are ready.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { atPace } from '../../cli/pace.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { type Layout, listWorkloads } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'
import { readPodSelector } from '../../kube/pod-selector.ts'

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
  const deadline = performance.now() + atPace(waitMs)
  const selectors = await Promise.all(listWorkloads(layout).map(readPodSelector))
  for (;;) {
    const names = await listTerminatingPods(selectors)
    if (names.length === 0 || performance.now() >= deadline) return names
    await sleep(pollMs)
  }
}

async function listTerminatingPods(selectors: readonly string[]): Promise<string[]> {
  const found = selectors.map((each) =>
    kubectlJson(pods, ['get', 'pods', '-n', namespace, '-l', each, '-o', 'json']),
  )
  return (await Promise.all(found))
    .flatMap(({ items }) => items)
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    .map(({ metadata }) => metadata.name)
}
