// Does any node fit what the Pods ask of one? Asked before anything is changed.
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import { kubectl } from './kubectl.ts'
import { describeResource, type Resource } from './resources.ts'

const workload = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({ nodeSelector: z.record(z.string(), z.string()).default({}) }),
    }),
  }),
})

/** Throws UserError if a Deployment among `resources` selects nodes by a label, and there is none with it. */
export async function checkNodeSelectors(resources: readonly Resource[]): Promise<void> {
  for (const resource of resources.filter(({ kind }) => kind === 'Deployment')) {
    const { nodeSelector } = workload.parse(resource).spec.template.spec
    const labels = Object.entries(nodeSelector).map(([name, value]) => `${name}=${value}`)
    if (labels.length === 0) continue
    const nodes = await kubectl(['get', 'nodes', '-l', labels.join(), '-o', 'name'])
    if (nodes.trim() !== '') continue
    throw new UserError(
      `no node has the label ${labels.join()}, which ${describeResource(resource)} asks for`,
      `label the nodes that fit (kubectl label node NAME ${labels.join(' ')}), see docs/confinement.md, or leave the component out`,
    )
  }
}
