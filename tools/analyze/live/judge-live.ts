// Judges what others have on the cluster, together with our resources. `make deploy` does it before and after it applies them, and
// `make analyze LIVE=yes` at any time.

import { application } from '../../kube/application.ts'
import type { ControlPlane } from '../../kube/control-plane.ts'
import { namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { judgeOthers } from './judge-others.ts'
import type { Judgment } from './judgment.ts'
import { judgeMeshDefaults, type NamespaceLabels } from './mesh-defaults.ts'
import { readIstioResources, readNamespaceLabels } from './read-others.ts'
import { rootNamespaceOf } from './subject.ts'

/** `leaving`: resources that the deployment removes. */
export async function judgeLive(input: {
  resources: readonly Resource[]
  leaving?: readonly Resource[]
  controlPlane: ControlPlane
  gatewayNamespaces: readonly string[]
  issuer: string
}): Promise<Judgment[]> {
  const { resources, leaving = [], controlPlane, gatewayNamespaces, issuer } = input
  const root = rootNamespaceOf(controlPlane)
  const places = [namespace, root, ...gatewayNamespaces]
  const [live, labels] = await Promise.all([
    readIstioResources(places),
    readNamespaceLabels([namespace, ...gatewayNamespaces]),
  ])
  return [
    ...judgeMeshDefaults({
      ours: resources,
      controlPlane,
      labels: { ...labels, [namespace]: composeLabels(resources, labels[namespace]) },
      gatewayNamespaces,
    }),
    ...judgeOthers(live, {
      ...{ ours: resources, application, namespace, leaving, root, gatewayNamespaces, issuer },
    }),
  ]
}

/** The labels that our namespace will have: those that it has, and those of its manifest. */
function composeLabels(
  resources: readonly Resource[],
  live: NamespaceLabels[string] = {},
): Record<string, string> {
  const manifest = resources.find(
    ({ kind, metadata }) => kind === 'Namespace' && metadata.name === namespace,
  )
  return { ...live, ...manifest?.metadata.labels, 'kubernetes.io/metadata.name': namespace }
}
