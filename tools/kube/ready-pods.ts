// The Pods of a Deployment that serve.
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import { kubectlJson } from './kubectl.ts'
import { namespace } from './names.ts'
import { readPodSelector } from './pod-selector.ts'

const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
      status: z.object({
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
})

/** Returns their names. Throws UserError if there is none. */
export async function listReadyPods(deployment: string): Promise<string[]> {
  const args = ['get', 'pods', '-n', namespace, '-l', await readPodSelector(deployment)]
  const { items } = await kubectlJson(pods, [...args, '-o', 'json'])
  const names = items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .filter(({ status }) =>
      status.conditions.some((each) => each.type === 'Ready' && each.status === 'True'),
    )
    .map(({ metadata }) => metadata.name)
  if (names.length > 0) return names
  throw new UserError(
    `no Pod of the Deployment ${deployment} is ready`,
    `Read \`kubectl describe pods -n ${namespace}\`.`,
  )
}
