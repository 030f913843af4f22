// Finds the Istio revision that injects sidecars, and the namespace label that selects it.
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import { kubectl, kubectlJson } from './kubectl.ts'
import { type LabelSelector, labelSelector } from './label-selector.ts'
import { namespace } from './names.ts'

export type SidecarInjector = {
  /** The value of the namespace label istio.io/rev: "default", a revision, or a tag. */
  label: string
  /** The revision behind the label. It is "default" if Istio was installed without one. */
  revision: string
  /** The namespace of istiod. If istiod is outside the cluster, the namespace that may have its settings. */
  namespace: string
  /** The address of an istiod outside the cluster. */
  url?: string
}

const usualNamespace = 'istio-system'
const webhookConfigurations = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
      webhooks: z
        .array(
          z.object({
            name: z.string(),
            clientConfig: z.object({
              service: z.object({ namespace: z.string() }).optional(),
              url: z.string().optional(),
            }),
            namespaceSelector: labelSelector.prefault({}),
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
      .flatMap(({ clientConfig: { service, url }, namespaceSelector }) =>
        listRevisions(namespaceSelector).map((label) => ({
          label,
          revision: metadata.labels['istio.io/rev'] ?? label,
          namespace: service?.namespace ?? usualNamespace,
          ...(url === undefined ? {} : { url }),
        })),
      ),
  )
}

/** Finds the injector for our namespace. */
export async function findInjector(wanted: string | undefined): Promise<SidecarInjector> {
  const path = 'jsonpath={.metadata.labels.istio\\.io/rev}'
  const args = ['get', 'namespace', namespace, '--ignore-not-found', '-o', path]
  const current = await kubectl(args)
  return chooseInjector(await listInjectors(), wanted, current.trim() || undefined)
}

/** Returns the values of istio.io/rev that `selector` accepts. */
function listRevisions({ matchExpressions, matchLabels }: LabelSelector): string[] {
  const { 'istio.io/rev': exact } = matchLabels
  return [
    ...(exact === undefined ? [] : [exact]),
    ...matchExpressions
      .filter(({ key, operator }) => key === 'istio.io/rev' && operator === 'In')
      .flatMap(({ values }) => values),
  ]
}

/**
 * Chooses by the label `wanted`, else `current`, which our namespace has, else "default", else the only one. Throws UserError
 * if there is none, or a choice.
 */
export function chooseInjector(
  injectors: readonly SidecarInjector[],
  wanted: string | undefined,
  current?: string,
): SidecarInjector {
  const labels = [...new Set(injectors.map(({ label }) => label))]
  const known = [current, 'default'].find((each) => each !== undefined && labels.includes(each))
  const label = wanted ?? known ?? labels[0]
  const chosen = injectors.find((injector) => injector.label === label)
  if (labels.length === 0) {
    throw new UserError(
      "Istio's sidecar injection is not installed on this cluster",
      'Install Istio with sidecar injection, not only ambient mode: istioctl install --set components.cni.enabled=true',
    )
  }
  if (chosen === undefined || (wanted === undefined && known === undefined && labels.length > 1)) {
    throw new UserError(
      wanted === undefined
        ? 'Istio has several revisions on this cluster, and none is the default'
        : `no Istio revision or tag "${wanted}" injects sidecars on this cluster`,
      `Set ISTIO_REVISION to one of ${labels.join(', ')}.`,
    )
  }
  return chosen
}
