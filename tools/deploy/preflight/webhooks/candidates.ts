// Which webhooks may have changed a Pod. The API server does not say which one did.
import { z } from 'zod'
import { kubectlJson } from '../../../kube/kubectl.ts'

const expression = z.object({
  key: z.string(),
  operator: z.string(),
  values: z.array(z.string()).default([]),
})
const selector = z
  .object({
    matchLabels: z.record(z.string(), z.string()).default({}),
    matchExpressions: z.array(expression).default([]),
  })
  .prefault({})
const rule = z.object({
  operations: z.array(z.string()).default([]),
  apiGroups: z.array(z.string()).default([]),
  resources: z.array(z.string()).default([]),
})
const configurations = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      webhooks: z
        .array(
          z.object({
            name: z.string(),
            rules: z.array(rule).default([]),
            namespaceSelector: selector,
            objectSelector: selector,
          }),
        )
        .default([]),
    }),
  ),
})
type Labels = Record<string, string>

/** Lists the webhooks but Istio's that change new Pods with these labels, as "webhook of MutatingWebhookConfiguration name". */
export async function listCandidates(
  podLabels: Labels,
  namespaceLabels: Labels,
): Promise<string[]> {
  const args = ['get', 'mutatingwebhookconfigurations', '-o', 'json']
  const { items } = await kubectlJson(configurations, args)
  return items.flatMap(({ metadata, webhooks }) =>
    webhooks
      .filter(({ name }) => !name.endsWith('sidecar-injector.istio.io'))
      .filter(({ rules }) => rules.some(isForPods))
      .filter((each) => selects(each.namespaceSelector, namespaceLabels))
      .filter((each) => selects(each.objectSelector, podLabels))
      .map(({ name }) => `${name} (MutatingWebhookConfiguration ${metadata.name})`),
  )
}

function isForPods({ operations, apiGroups, resources }: z.infer<typeof rule>): boolean {
  const has = (list: readonly string[], ...names: string[]) =>
    names.some((name) => list.includes(name))
  return (
    has(operations, 'CREATE', '*') && has(apiGroups, '', '*') && has(resources, 'pods', '*', '*/*')
  )
}

function selects(
  { matchLabels, matchExpressions }: z.infer<typeof selector>,
  labels: Labels,
): boolean {
  return (
    Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      const value = labels[key]
      if (operator === 'Exists') return value !== undefined
      if (operator === 'DoesNotExist') return value === undefined
      const isIn = value !== undefined && values.includes(value)
      return operator === 'In' ? isIn : !isIn
    })
  )
}
