// Where the signer has its keys from: the Secret, or a volume in memory that another container fills.
import { z } from 'zod'
import { exists, kubectlJson } from './kubectl.ts'
import { deployment, keySecret, namespace } from './names.ts'
import type { Resource } from './resources.ts'

const volume = z.object({ secret: z.object({ secretName: z.string().optional() }).optional() })
const podMaker = z.object({
  spec: z.object({
    template: z.object({ spec: z.object({ volumes: z.array(volume).default([]) }) }),
  }),
})

/** True if the Deployment among `resources` takes its keys from the Secret. */
export function takesKeyFromSecret(resources: readonly Resource[]): boolean {
  const found = resources.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === deployment,
  )
  return mountsKeySecret(podMaker.parse(found))
}

/** True if what is deployed takes its keys from the Secret; where nothing is deployed, too. */
export async function isKeyInSecret(): Promise<boolean> {
  const target = ['deployment', deployment, '-n', namespace]
  if (!(await exists(target))) return true
  return mountsKeySecret(await kubectlJson(podMaker, ['get', ...target, '-o', 'json']))
}

function mountsKeySecret({ spec }: z.infer<typeof podMaker>): boolean {
  return spec.template.spec.volumes.some(({ secret }) => secret?.secretName === keySecret)
}
