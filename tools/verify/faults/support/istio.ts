// Changes Istio during a fault: its control plane, and the lifetime of the Pod's workload certificates.
import { z } from 'zod'
import { waitForRollout } from '../../../deploy/apply/rollout.ts'
import { kubectl, kubectlJson } from '../../../kube/kubectl.ts'
import { onePod } from '../../../kube/layouts.ts'
import { deployment, namespace } from '../../../kube/names.ts'
import { ROLLOUT_MS } from './timeouts.ts'

const ANNOTATION = 'proxy.istio.io/config'
const target = ['deployment', deployment, '-n', namespace]
const deploymentSchema = z.object({
  spec: z.object({
    template: z.object({
      metadata: z.object({ annotations: z.object({ [ANNOTATION]: z.string() }) }),
    }),
  }),
})
const istiod = ['deployment/istiod', '-n', 'istio-system']
const istiodPods = ['pod', '-n', 'istio-system', '-l', 'app=istiod']
const proxyConfig = z.looseObject({ proxyMetadata: z.record(z.string(), z.string()).default({}) })

/** Replaces the Pods by some whose agent requests certificates of `seconds`. Returns the function that undoes it. */
export async function shortenCertificates(seconds: number): Promise<() => Promise<void>> {
  const { spec } = await kubectlJson(deploymentSchema, ['get', ...target, '-o', 'json'])
  const before = spec.template.metadata.annotations[ANNOTATION]
  const config = proxyConfig.parse(JSON.parse(before))
  const proxyMetadata = { ...config.proxyMetadata, SECRET_TTL: `${seconds}s` }
  await annotate(JSON.stringify({ ...config, proxyMetadata }))
  return () => annotate(before)
}

async function annotate(config: string): Promise<void> {
  const metadata = { annotations: { [ANNOTATION]: config } }
  const patch = JSON.stringify({ spec: { template: { metadata } } })
  await kubectl(['patch', ...target, '--type=merge', '-p', patch])
  await waitForRollout(onePod)
}

/** Calls `use` while istiod is stopped. It runs again on return. */
export async function withoutIstiod(use: () => Promise<void>): Promise<void> {
  try {
    await kubectl(['scale', ...istiod, '--replicas=0'])
    await kubectl(['wait', ...istiodPods, '--for=delete'], { timeoutMs: ROLLOUT_MS })
    await use()
  } finally {
    await kubectl(['scale', ...istiod, '--replicas=1'])
    await kubectl(['rollout', 'status', ...istiod], { timeoutMs: ROLLOUT_MS })
  }
}
