// Keeps the labels and annotations of a namespace that a person made with `kubectl apply`. The server-side apply of kubectl takes
// over what a client-side apply has set, and then removes all that the rendering lacks. So another manager owns them first.
import { readOwned } from '../../kube/field-owners.ts'
import { applyResource } from '../../kube/kubectl.ts'
import { fieldManager } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'

const keeper = `${fieldManager}-keeps-labels`
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

export async function keepNamespaceLabels(resources: readonly Resource[]): Promise<void> {
  const wanted = resources.filter(({ kind }) => kind === 'Namespace')
  for (const { apiVersion, kind, metadata } of await readOwned(wanted)) {
    const { [lastApplied]: applied, ...annotations } = metadata.annotations ?? {}
    if (applied === undefined) continue
    const ours = wanted.find((each) => each.metadata.name === metadata.name)?.metadata
    const [labels, kept] = [
      leaveOut(metadata.labels, ours?.labels),
      leaveOut(annotations, ours?.annotations),
    ]
    const { name } = metadata
    await applyResource(
      { apiVersion, kind, metadata: { name, labels, annotations: kept } },
      { manager: keeper },
    )
  }
}

function leaveOut(all: object = {}, names: object = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !Object.hasOwn(names, name)))
}
