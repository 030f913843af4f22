// Where the signer has its keys from: the Secret, or a volume in memory that another container fills.
import { z } from 'zod'
import { kubectlJson } from '../../kube/kubectl.ts'
import { findDeployed } from '../../kube/layouts.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'

const volume = z.object({ secret: z.object({ secretName: z.string().optional() }).optional() })
const podMaker = z.object({
  spec: z.object({
    template: z.object({ spec: z.object({ volumes: z.array(volume).default([]) }) }),
  }),
})

/** By which Deployments of a signer are known, in every overlay. */
const signerLabel = 'secure-signing.dev/signer'

/** True if the signer's Deployment among `resources` takes its keys from the Secret. */
export function takesKeyFromSecret(resources: readonly Resource[]): boolean {
  const found = resources.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.labels?.[signerLabel] === 'true',
  )
  return mountsKeySecret(podMaker.parse(found))
}

/** True if what is deployed takes its keys from the Secret; where nothing is deployed, too. */
export async function isKeyInSecret(): Promise<boolean> {
  const layout = await findDeployed()
  if (layout === undefined) return true
  const args = ['get', 'deployment', layout.signer, '-n', namespace, '-o', 'json']
  return mountsKeySecret(await kubectlJson(podMaker, args))
}

function mountsKeySecret({ spec }: z.infer<typeof podMaker>): boolean {
  return spec.template.spec.volumes.some(({ secret }) => secret?.secretName === keySecret)
}
