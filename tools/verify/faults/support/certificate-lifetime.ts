// How long the Pod's workload certificates live: what the agent beside the proxy asks istiod for.
import { z } from 'zod'
import { waitForRollout } from '../../../deploy/apply/rollout.ts'
import { kubectl, kubectlJson } from '../../../kube/kubectl.ts'
import { onePod } from '../../../kube/layouts.ts'
import { deployment, namespace } from '../../../kube/names.ts'

const ANNOTATION = 'proxy.istio.io/config'
const target = ['deployment', deployment, '-n', namespace]
const deploymentSchema = z.object({
  spec: z.object({
    template: z.object({
      metadata: z.object({ annotations: z.object({ [ANNOTATION]: z.string() }) }),
    }),
  }),
})
const proxyConfig = z.looseObject({ proxyMetadata: z.record(z.string(), z.string()).default({}) })

/** Has new Pods that ask for certificates of so many seconds. Returns the function that has others as they were. */
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
