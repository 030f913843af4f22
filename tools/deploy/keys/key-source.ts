// Finds out where the signer gets its keys: from the Secret, or from a memory volume that another container fills.
import { z } from 'zod'
import { kubectlJson } from '../../kube/kubectl.ts'
import { findDeployed } from '../../kube/layouts.ts'
import { keySecret, namespace, signerLabel } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'

const volume = z.object({ secret: z.object({ secretName: z.string().optional() }).optional() })
const workload = z.object({
  spec: z.object({
    template: z.object({ spec: z.object({ volumes: z.array(volume).default([]) }) }),
  }),
})

/** Returns true if the signer's Deployment among `resources` mounts the Secret. */
export function mountsKeySecret(resources: readonly Resource[]): boolean {
  const found = resources.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.labels?.[signerLabel] === 'true',
  )
  return hasKeyVolume(workload.parse(found))
}

/** Returns true if the deployed signer mounts the Secret, or if nothing is deployed. */
export async function isKeyInSecret(): Promise<boolean> {
  const layout = await findDeployed()
  if (layout === undefined) return true
  const args = ['get', 'deployment', layout.signer, '-n', namespace, '-o', 'json']
  return hasKeyVolume(await kubectlJson(workload, args))
}

/** Returns true for a workload that mounts the Secret. */
export function isMounting(resource: Resource): boolean {
  const { success, data } = workload.safeParse(resource)
  return success && hasKeyVolume(data)
}

function hasKeyVolume({ spec }: z.infer<typeof workload>): boolean {
  return spec.template.spec.volumes.some(({ secret }) => secret?.secretName === keySecret)
}
