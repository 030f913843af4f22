// The labels by which a Deployment on the cluster selects its Pods, old and new ones.
import { z } from 'zod'
import { kubectlJsonIfAny } from './kubectl.ts'
import { formatLabelSelector, labelSelector } from './label-selector.ts'
import { namespace } from './names.ts'

export const podSelector = labelSelector.transform(formatLabelSelector)
const selecting = z.object({ spec: z.object({ selector: podSelector }) })

/** Returns the selector as `kubectl -l` takes it. Without the Deployment, Pods of ours may still run. */
export async function readPodSelector(deployment: string): Promise<string> {
  const found = await kubectlJsonIfAny(selecting, [
    ...['get', 'deployment', deployment, '-n', namespace, '--ignore-not-found', '-o', 'json'],
  ])
  return found?.spec.selector ?? `app=${deployment}`
}
