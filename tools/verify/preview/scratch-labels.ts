// The labels of the live namespace that act on Pods: injection and Pod Security. Those of other tools stay there.
import { kubectlJson } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import { resourceSchema } from '../../kube/resources.ts'

const acting = /^(istio\.io\/|istio-injection$|pod-security\.kubernetes\.io\/)/

export async function readScratchLabels(): Promise<Record<string, string>> {
  const args = ['get', 'namespace', namespace, '-o', 'json']
  const { metadata } = await kubectlJson(resourceSchema, args)
  return Object.fromEntries(
    Object.entries(metadata.labels ?? {}).filter(([name]) => acting.test(name)),
  )
}
