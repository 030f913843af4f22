// Checks before a deployment that the cluster has nodes with the labels that the Pods require.
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'

const expression = z.object({
  key: z.string(),
  operator: z.string(),
  values: z.array(z.string()).default([]),
})
const term = z.object({ matchExpressions: z.array(expression).default([]) })
const affinity = z.object({
  nodeAffinity: z
    .object({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .object({ nodeSelectorTerms: z.array(term) })
        .optional(),
    })
    .optional(),
})
const workload = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        nodeSelector: z.record(z.string(), z.string()).default({}),
        affinity: affinity.default({}),
      }),
    }),
  }),
})

/** Returns true if a Deployment among `resources` selects nodes by a label. */
export function selectsNodes(resources: readonly Resource[]): boolean {
  return listDeployments(resources).some((each) => readAlternatives(each).length > 0)
}

/** Throws UserError if a Deployment among `resources` selects nodes by a label, and no node has it. */
export async function checkNodeSelectors(resources: readonly Resource[]): Promise<void> {
  for (const resource of listDeployments(resources)) {
    const alternatives = readAlternatives(resource)
    const [labels] = alternatives
    if (labels === undefined || (await hasNode(alternatives))) continue
    throw new UserError(
      `no node has the label ${labels.join()}, which ${describeResource(resource)} requires`,
      `Label the nodes that fit: kubectl label node NAME ${labels.join(' ')}. See docs/hardening.md. Or leave out the component.`,
    )
  }
}

function listDeployments(resources: readonly Resource[]): Resource[] {
  return resources.filter(({ kind }) => kind === 'Deployment')
}

async function hasNode(alternatives: readonly string[][]): Promise<boolean> {
  for (const labels of alternatives) {
    const nodes = await kubectl(['get', 'nodes', '-l', labels.join(), '-o', 'name'])
    if (nodes.trim() !== '') return true
  }
  return false
}

/**
 * Returns lists of labels in the form of kubectl, for example [["kubernetes.io/arch=amd64"]]. A node fits if it has all labels
 * of one list. Each term of the node affinity makes one list, which includes the node selector. The result is empty if a node
 * may fit without a label.
 */
function readAlternatives(resource: Resource): string[][] {
  const { nodeSelector, affinity } = workload.parse(resource).spec.template.spec
  const selected = Object.entries(nodeSelector).map(([name, value]) => `${name}=${value}`)
  const required = affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const terms = required?.nodeSelectorTerms ?? [{ matchExpressions: [] }]
  const lists = terms.map((each) => [...selected, ...each.matchExpressions.flatMap(readLabel)])
  return lists.every((labels) => labels.length > 0) ? lists : []
}

/** Returns a label only for "this label has this one value". Only the scheduler can evaluate the others. */
function readLabel({ key, operator, values }: z.infer<typeof expression>): string[] {
  return operator === 'In' && values.length === 1 ? [`${key}=${values[0]}`] : []
}
