// What widens a resource when it is added: a condition, a rule, a path, a mount, a capability and the like.
import type { Resource } from '../../../../tools/kube/resources.ts'
import type { Change } from '../mutation.ts'
import { type Additions, add, set } from './addition.ts'
import * as admission from './admission.ts'
import * as cluster from './cluster.ts'
import * as mesh from './mesh.ts'
import { pod } from './pod.ts'

/** Added to every resource. */
const toAll: Additions = () => [
  set(['metadata', 'annotations', 'argocd.argoproj.io/hook'], 'Skip'),
  set(['metadata', 'annotations', 'kustomize.toolkit.fluxcd.io/reconcile'], 'disabled'),
  set(['metadata', 'namespace'], 'other'),
  add(['metadata', 'ownerReferences'], {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', name: 'added', uid: 'added' },
  }),
]

const ofKind: Readonly<Record<string, Additions>> = {
  ValidatingAdmissionPolicy: admission.policy,
  ValidatingAdmissionPolicyBinding: admission.binding,
  AuthorizationPolicy: mesh.authorizationPolicy,
  PeerAuthentication: mesh.peerAuthentication,
  RequestAuthentication: mesh.requestAuthentication,
  DestinationRule: mesh.destinationRule,
  Sidecar: mesh.sidecar,
  ServiceEntry: mesh.serviceEntry,
  VirtualService: mesh.virtualService,
  HTTPRoute: mesh.httpRoute,
  Gateway: mesh.gateway,
  Telemetry: mesh.telemetry,
  Server: mesh.server,
  MeshTLSAuthentication: mesh.meshTlsAuthentication,
  NetworkAuthentication: mesh.networkAuthentication,
  Role: cluster.role,
  ClusterRole: cluster.role,
  RoleBinding: cluster.roleBinding,
  ClusterRoleBinding: cluster.roleBinding,
  ServiceAccount: cluster.serviceAccount,
  NetworkPolicy: cluster.networkPolicy,
  Service: cluster.service,
  Namespace: cluster.namespace,
  ConfigMap: cluster.configMap,
  ExternalSecret: cluster.externalSecret,
  Deployment: pod,
  DaemonSet: pod,
}

export function listAdditions(resource: Resource): Change[] {
  const { kind } = resource
  return [toAll, ...(ofKind[kind] ? [ofKind[kind]] : [])].flatMap((list) => list(resource))
}
