// The labels of ambient mode on our namespace. A team that moves to ambient mode sets them on every namespace.
import { kubectl } from '../kube/kubectl.ts'
import { namespace } from '../kube/names.ts'

export const ambientLabels = ['istio.io/dataplane-mode=ambient', 'istio.io/use-waypoint=waypoint']

/** Calls `use` while the namespace has the labels. */
export async function withAmbientLabels(use: () => Promise<void>): Promise<void> {
  const label = ['label', 'namespace', namespace]
  try {
    await kubectl([...label, '--overwrite', ...ambientLabels])
    await use()
  } finally {
    await kubectl([...label, ...ambientLabels.map((each) => each.replace(/=.*/, '-'))])
  }
}
