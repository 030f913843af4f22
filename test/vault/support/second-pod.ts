// A second Pod of the deployment, which starts while Vault gives no key.
import { expect } from 'vitest'
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../../tools/kube/names.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { ensurePods } from '../../../tools/verify/faults/support/pods.ts'
import { KEYS_MS } from '../../../tools/verify/faults/support/timeouts.ts'
import { waitForReports } from '../../support/cluster/signing.ts'

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
      status: z.object({
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
})

/** Starts a second Pod. When its agent has logged `wanted` and its signer reports no key, the Pod is not ready. */
export async function expectNoNewPod(wanted: RegExp): Promise<void> {
  const known = (await readPods()).map(({ name }) => name)
  await kubectl(['scale', `deployment/${deployment}`, '-n', namespace, '--replicas=2'])
  const { name } = await waitFor(
    async () => (await readPods()).find((each) => !known.includes(each.name)),
    KEYS_MS,
    () => 'there is no second Pod',
  )
  await waitFor(
    async () => {
      const args = ['logs', name, '-n', namespace, '-c', 'vault-agent']
      // There is no log before the container starts.
      return wanted.test(await kubectl(args).catch(() => '')) || undefined
    },
    KEYS_MS,
    () => `the agent of ${name} does not log ${wanted}`,
  )
  await waitForReports(
    (reports) =>
      reports.some(
        (each) => each.pod === name && 'keys' in each && each.keys.primary === undefined,
      ),
    `the signer of ${name} does not report that it has no key`,
  )
  const readiness = (await readPods()).map((each) => each.ready)
  expect(readiness.toSorted()).toEqual(['False', 'True'])
}

/** Does `work`, and removes the second Pod. */
export async function withOnePodAfter<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    await ensurePods(1)
  }
}

/** Reads the Pods that stay. A Pod of the test before may still terminate. */
async function readPods() {
  const args = ['get', 'pods', '-n', namespace, '-l', `app=${deployment}`, '-o', 'json']
  const { items } = await kubectlJson(podList, args)
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata, status }) => ({
      name: metadata.name,
      ready: status.conditions.find(({ type }) => type === 'Ready')?.status,
    }))
}
