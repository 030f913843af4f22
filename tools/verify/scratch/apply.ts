// Applies resources to scratch namespaces, deletes what is gone, and waits for the Pods.
import { z } from 'zod'
import { CommandError } from '../../cli/exec.ts'
import { atPace } from '../../cli/pace.ts'
import { UserError } from '../../cli/terminal.ts'
import { listStartProblems, podStates } from '../../deploy/apply/pod-start-error.ts'
import { deleteResources } from '../../kube/deletion/delete-resources.ts'
import { kubectl, kubectlJson } from '../../kube/kubectl.ts'
import {
  formatResources,
  listOf,
  type Resource,
  resourceKey,
  resourceSchema,
} from '../../kube/resources.ts'

const options = ['--server-side', '--force-conflicts', '--field-manager=secure-signing-scratch']
const refusable = z.object({
  status: z.object({
    conditions: z
      .array(z.object({ type: z.string(), message: z.string().default('') }))
      .default([]),
  }),
})
const rolloutMs = 150_000

/** Applies `resources` over `before`, and deletes what is only in that. */
export async function applyOver(
  before: readonly Resource[],
  resources: readonly Resource[],
): Promise<void> {
  const kept = new Set(resources.map(resourceKey))
  if (resources.length > 0) {
    await kubectl(['apply', ...options, '-f', '-'], { input: formatResources(resources) })
  }
  await deleteResources(
    before.filter((each) => !kept.has(resourceKey(each))),
    { again: 'make preview' },
  )
}

/** Returns what the API server would store. */
export function dryRunOver(resources: readonly Resource[]): Promise<Resource[]> {
  const args = ['apply', ...options, '--dry-run=server', '-o', 'json', '-f', '-']
  return kubectl(args, { input: formatResources(resources) }).then((text) =>
    listOf(resourceSchema).parse(JSON.parse(text)),
  )
}

/** Waits until the Pods of each Deployment are ready. Throws UserError with the reason of the first that is not. */
export async function waitUntilReady(resources: readonly Resource[]): Promise<void> {
  for (const { kind, metadata } of resources) {
    if (kind !== 'Deployment') continue
    const { name, namespace = '' } = metadata
    const args = ['rollout', 'status', `deployment/${name}`, '-n', namespace]
    const timeout = `--timeout=${atPace(rolloutMs)}ms`
    await kubectl([...args, timeout], { timeoutMs: rolloutMs * 2 }).catch(async (error) => {
      if (!(error instanceof CommandError)) throw error
      throw new UserError(
        `the Pods of Deployment/${name} are not ready: ${(await explain(namespace, name)) ?? error.message}`,
        'Run `make analyze` with the same variables. It names what keeps Pods from starting.',
      )
    })
  }
}

/** The API server may refuse the Pod, or a container of it may not start. */
async function explain(namespace: string, name: string): Promise<string | undefined> {
  const [{ status }, { items }] = await Promise.all([
    kubectlJson(refusable, ['get', 'deployment', name, '-n', namespace, '-o', 'json']),
    kubectlJson(podStates, ['get', 'pods', '-n', namespace, '-o', 'json']),
  ])
  const refused = status.conditions.find(({ type }) => type === 'ReplicaFailure')
  return refused?.message ?? listStartProblems(items)[0]?.what
}
