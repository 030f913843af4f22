// Judges what others have on the cluster, together with our resources. `make deploy` does it before and after it applies them, and
// `make analyze LIVE=yes` at any time.

import { application } from '../../kube/application.ts'
import type { ControlPlane } from '../../kube/control-plane.ts'
import { namespace } from '../../kube/names.ts'
import { type Resource, resourceKey } from '../../kube/resources.ts'
import { UnreadableError } from '../finding.ts'
import { judgeAccess } from './access.ts'
import { judgeAccounts } from './accounts.ts'
import { type Judgment, judge } from './judgment.ts'
import { judgeMeshDefaults, type NamespaceLabels } from './mesh-defaults.ts'
import { judgeNetworkPolicies } from './network-policies.ts'
import { judgePeerAuthentications } from './peer-authentications.ts'
import { judgePods } from './pods.ts'
import { judgePolicies, judgeRequestAuthentications } from './policies.ts'
import { readIstioResources, readNamespaceLabels } from './read-others.ts'
import { judgeRoutes } from './routes.ts'
import { judgeServices } from './services.ts'
import { type LiveSubject, rootNamespaceOf } from './subject.ts'
import { judgeExtensions, judgeSidecars } from './workload-resources.ts'

/** A resource that does not exist yet is newer than all others. */
const never = '9999'
const judges: readonly ((subject: LiveSubject) => Judgment[])[] = [
  judgePeerAuthentications,
  judgeSidecars,
  judgeExtensions,
  judgePolicies,
  judgeAccounts,
  judgeRequestAuthentications,
  judgeRoutes,
  judgeServices,
  judgeNetworkPolicies,
  judgeAccess,
  judgePods,
]

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
      ...{ ours: resources, application, leaving, root, gatewayNamespaces, issuer },
    }),
  ]
}

/** Judges `live`, which includes resources that exist and are ours. */
export function judgeOthers(
  live: readonly Resource[],
  rest: Omit<LiveSubject, 'others' | 'createdAt'> & { leaving?: readonly Resource[] },
): Judgment[] {
  const { leaving = [], ...given } = rest
  const known = new Set([...given.ours, ...leaving].map(resourceKey))
  const created = new Map(live.map((each) => [resourceKey(each), readCreation(each)]))
  const subject: LiveSubject = {
    ...given,
    others: live.filter((each) => !known.has(resourceKey(each))),
    createdAt: (each) => created.get(resourceKey(each)) ?? never,
  }
  return judges.flatMap((each) => {
    try {
      return each(subject)
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error
      const { resource, message } = error.finding
      return resource === undefined
        ? []
        : [judge('note', resource, `it is not as expected (${message}), so it is not judged`)]
    }
  })
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

function readCreation({ metadata }: Resource): string {
  return typeof metadata.creationTimestamp === 'string' ? metadata.creationTimestamp : never
}
