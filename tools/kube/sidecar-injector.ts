// Finds the Istio revision that injects sidecars, and the namespace label that selects it.
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import { kubectlJson } from './kubectl.ts'

export type SidecarInjector = {
  /** The value of the namespace label istio.io/rev: "default", a revision, or a tag. */
  label: string
  /** The revision behind the label. It is "default" if Istio was installed without one. */
  revision: string
  /** The namespace of istiod. */
  namespace: string
}

const webhookConfigurations = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
      webhooks: z
        .array(
          z.object({
            name: z.string(),
            clientConfig: z.object({ service: z.object({ namespace: z.string() }).optional() }),
            namespaceSelector: z
              .object({
                matchExpressions: z
                  .array(
                    z.object({
                      key: z.string(),
                      operator: z.string(),
                      values: z.array(z.string()).default([]),
                    }),
                  )
                  .default([]),
              })
              .default({ matchExpressions: [] }),
          }),
        )
        .default([]),
    }),
  ),
})

/** Lists the namespace labels that the cluster's injection webhooks select. */
export async function listInjectors(): Promise<SidecarInjector[]> {
  const found = await kubectlJson(webhookConfigurations, [
    'get',
    'mutatingwebhookconfigurations',
    '-o',
    'json',
  ])
  return found.items.flatMap(({ metadata, webhooks }) =>
    webhooks
      .filter(({ name }) => name.endsWith('sidecar-injector.istio.io'))
      .flatMap(({ clientConfig, namespaceSelector }) =>
        namespaceSelector.matchExpressions
          .filter(({ key, operator }) => key === 'istio.io/rev' && operator === 'In')
          .flatMap(({ values }) => values)
          .map((label) => ({
            label,
            revision: metadata.labels['istio.io/rev'] ?? label,
            namespace: clientConfig.service?.namespace ?? 'istio-system',
          })),
      ),
  )
}

/** Chooses by the label `wanted`, else "default", else the only one. Throws UserError if there is none, or a choice. */
export function chooseInjector(
  injectors: readonly SidecarInjector[],
  wanted: string | undefined,
): SidecarInjector {
  const labels = [...new Set(injectors.map(({ label }) => label))]
  const label = wanted ?? (labels.includes('default') ? 'default' : labels[0])
  const chosen = injectors.find((injector) => injector.label === label)
  if (labels.length === 0) {
    throw new UserError(
      "Istio's sidecar injection is not installed on this cluster",
      'Install Istio with sidecar injection, not only ambient mode: istioctl install --set components.cni.enabled=true',
    )
  }
  if (chosen === undefined || (wanted === undefined && label !== 'default' && labels.length > 1)) {
    throw new UserError(
      wanted === undefined
        ? 'Istio has several revisions on this cluster, and none is the default'
        : `no Istio revision or tag "${wanted}" injects sidecars on this cluster`,
      `Set ISTIO_REVISION to one of ${labels.join(', ')}.`,
    )
  }
  return chosen
}
