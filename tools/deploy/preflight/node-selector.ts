// Does any node fit what the Pods ask of one? Asked before anything is changed.
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'

const workload = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({ nodeSelector: z.record(z.string(), z.string()).default({}) }),
    }),
  }),
})

/** True if a Deployment among `resources` selects nodes by a label. */
export function selectsNodes(resources: readonly Resource[]): boolean {
  return listDeployments(resources).some((each) => readLabels(each).length > 0)
}

/** Throws UserError if a Deployment among `resources` selects nodes by a label, and there is none with it. */
export async function checkNodeSelectors(resources: readonly Resource[]): Promise<void> {
  for (const resource of listDeployments(resources)) {
    const labels = readLabels(resource)
    if (labels.length === 0) continue
    const nodes = await kubectl(['get', 'nodes', '-l', labels.join(), '-o', 'name'])
    if (nodes.trim() !== '') continue
    throw new UserError(
      `no node has the label ${labels.join()}, which ${describeResource(resource)} asks for`,
      `label the nodes that fit (kubectl label node NAME ${labels.join(' ')}), see docs/confinement.md, or leave the component out`,
    )
  }
}

function listDeployments(resources: readonly Resource[]): Resource[] {
  return resources.filter(({ kind }) => kind === 'Deployment')
}

/** As kubectl takes them, e.g. ["kubernetes.io/arch=amd64"]. */
function readLabels(resource: Resource): string[] {
  const { nodeSelector } = workload.parse(resource).spec.template.spec
  return Object.entries(nodeSelector).map(([name, value]) => `${name}=${value}`)
}
