// Makes kubelet refresh the volumes of Pods at once. Otherwise a changed Secret or ConfigMap arrives when kubelet looks at the
// Pod the next time, which takes up to a minute and a half.
import { kubectl } from './kubectl.ts'
import { namespace as ourNamespace } from './names.ts'

/** Any change of a Pod makes kubelet look at it. Nothing reads this annotation. */
export const refreshAnnotation = 'secure-signing.dev/refresh-volumes'

/**
 * Call it after the change, and again each second until the Pods have it. kubelet may hear of the annotation before it hears of
 * the change. It needs the rights to get and patch Pods. Throws CommandError, after it has tried every Pod.
 */
export async function refreshVolumes(
  pods: readonly string[],
  namespace = ourNamespace,
): Promise<void> {
  const value = `${refreshAnnotation}=${new Date().toISOString()}`
  await kubectl(['annotate', 'pods', ...pods, '-n', namespace, '--overwrite', value])
}
