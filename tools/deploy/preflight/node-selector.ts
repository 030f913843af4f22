// Does any node fit what the Pods ask of one? Asked before anything is changed.
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

/** True if a Deployment among `resources` selects nodes by a label. */
export function selectsNodes(resources: readonly Resource[]): boolean {
  return listDeployments(resources).some((each) => readAlternatives(each).length > 0)
}

/** Throws UserError if a Deployment among `resources` selects nodes by a label, and there is none with it. */
export async function checkNodeSelectors(resources: readonly Resource[]): Promise<void> {
  for (const resource of listDeployments(resources)) {
    const alternatives = readAlternatives(resource)
    const [labels] = alternatives
    if (labels === undefined || (await hasNode(alternatives))) continue
    throw new UserError(
      `no node has the label ${labels.join()}, which ${describeResource(resource)} requires`,
      `label the nodes that fit (kubectl label node NAME ${labels.join(' ')}), see docs/hardening.md, or leave the component out`,
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
 * The labels that a node needs, as kubectl takes them: [["kubernetes.io/arch=amd64"]]. A node fits if it has all of one list. Each
 * term of the node affinity gives a list, and the node selector is part of each. Empty if a node may fit without a label.
 */
function readAlternatives(resource: Resource): string[][] {
  const { nodeSelector, affinity } = workload.parse(resource).spec.template.spec
  const selected = Object.entries(nodeSelector).map(([name, value]) => `${name}=${value}`)
  const required = affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const terms = required?.nodeSelectorTerms ?? [{ matchExpressions: [] }]
  const lists = terms.map((each) => [...selected, ...each.matchExpressions.flatMap(readLabel)])
  return lists.every((labels) => labels.length > 0) ? lists : []
}

/** Only "this label has this value" can be said to kubectl as it stands. The scheduler judges the rest. */
function readLabel({ key, operator, values }: z.infer<typeof expression>): string[] {
  return operator === 'In' && values.length === 1 ? [`${key}=${values[0]}`] : []
}
