// Removes the Deployments with their Pods, and says which Pod stays if one does.
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { deleteResources } from '../../kube/deletion/delete-resources.ts'
import { RemainingError } from '../../kube/deletion/remaining-error.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { namespace, protectedLabel } from '../../kube/names.ts'
import { listOf, type Resource } from '../../kube/resources.ts'

const pods = listOf(
  z.object({
    metadata: z.object({
      name: z.string(),
      deletionTimestamp: z.string().optional(),
      finalizers: z.array(z.string()).default([]),
    }),
    spec: z.object({ nodeName: z.string().default('no node') }),
  }),
)

/**
 * Throws RemainingError if a Deployment stays. In the foreground, it is gone only when its Pods are. So if only another finalizer
 * keeps it, it has no Pods.
 */
export async function removePods(
  deployments: readonly Resource[],
  again: string,
  patienceMs?: number,
): Promise<void> {
  try {
    await deleteResources(deployments, { cascade: 'foreground', again, patienceMs })
  } catch (error) {
    if (!(error instanceof RemainingError) || hasNoPods(error)) throw error
    throw new UserError(
      [error.message, ...(await listPods())].join('\n'),
      `Nothing else was removed, because a signer must not run without its policies.\n  → ${error.todo}`,
    )
  }
}

function hasNoPods({ remaining }: RemainingError): boolean {
  return remaining.every(
    ({ isDeleting, finalizers }) => isDeleting && !finalizers.includes('foregroundDeletion'),
  )
}

/** Says where each Pod runs. Returns nothing for a user who may not read them. */
async function listPods(): Promise<string[]> {
  const args = ['get', 'pods', '-n', namespace, '-l', `${protectedLabel}=true`, '-o', 'json']
  const found = await kubectlJson(pods, args).catch(() => [])
  return found.map(({ metadata, spec }) => {
    const { name, deletionTimestamp, finalizers } = metadata
    if (deletionTimestamp === undefined) return `Pod/${name} runs on ${spec.nodeName}`
    const waits = finalizers.length === 0 ? '' : `, and waits for ${finalizers.join(', ')}`
    return `Pod/${name} terminates on ${spec.nodeName} since ${deletionTimestamp}${waits}`
  })
}
