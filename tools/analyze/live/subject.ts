// What a judgment needs: our resources, those of others on the cluster, and how istiod is configured.
import type { ControlPlane } from '../../kube/control-plane.ts'
import type { Resource } from '../../kube/resources.ts'
import type { Application } from '../model/application.ts'
import { matches } from '../model/namespace.ts'
import { findOurResources, readLabels } from '../model/pod.ts'

export type LiveSubject = {
  /** What `make deploy` applies. */
  ours: readonly Resource[]
  /** The application of `ours`. */
  application: Application
  /** What is on the cluster and is not ours. */
  others: readonly Resource[]
  /** When each of our resources was created. A resource that does not exist yet is newer than all others. */
  createdAt: (resource: Resource) => string
  /** The namespace of the Pods. */
  namespace: string
  /** Istio's root namespace. */
  root: string
  /** The namespaces of the ingress gateways. */
  gatewayNamespaces: readonly string[]
  /** The issuer of the caller tokens. */
  issuer: string
}

/** The namespace with Istio's mesh-wide resources. */
export function rootNamespaceOf({ mesh, injector }: ControlPlane): string {
  return mesh?.rootNamespace || injector.namespace
}

/** Returns our workloads whose Pods `selector` selects. An empty selector selects every Pod. */
export function listSelected({ ours }: LiveSubject, selector: unknown): Resource[] {
  return findOurResources(ours).filter((each) => matches(selector, readLabels(each)))
}

/** Sorts as istiod does: by creation, then by name. */
export function sortByAge({ createdAt }: LiveSubject, resources: readonly Resource[]): Resource[] {
  return resources.toSorted(
    (a, b) =>
      createdAt(a).localeCompare(createdAt(b)) ||
      a.metadata.name.localeCompare(b.metadata.name, 'en'),
  )
}
