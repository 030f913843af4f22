// The labels by which a Deployment on the cluster selects its Pods, old and new ones.
import { z } from 'zod'
import { kubectlJson } from './kubectl.ts'
import { formatLabelSelector, labelSelector } from './label-selector.ts'
import { namespace } from './names.ts'

export const podSelector = labelSelector.transform(formatLabelSelector)
const selecting = z.object({ spec: z.object({ selector: podSelector }) })

/** Returns the selector as `kubectl -l` takes it. Throws CommandError if there is no such Deployment. */
export async function readPodSelector(deployment: string): Promise<string> {
  const args = ['get', 'deployment', deployment, '-n', namespace, '-o', 'json']
  return (await kubectlJson(selecting, args)).spec.selector
}
