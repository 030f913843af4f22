// Which webhooks may have changed a Pod. The API server does not say which one did.
import { z } from 'zod'
import { kubectlJson } from '../../../kube/kubectl.ts'
import { labelSelector, selectsLabels } from '../../../kube/label-selector.ts'

const selector = labelSelector.prefault({})
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
      .filter((each) => selectsLabels(each.namespaceSelector, namespaceLabels))
      .filter((each) => selectsLabels(each.objectSelector, podLabels))
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
