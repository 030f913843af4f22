// What differs on a cluster although nobody changed anything: what the cluster and common tools write into our resources.
import type { Resource } from '../../../kube/resources.ts'
import { knownWriters } from '../../../kube/writers/known-writers.ts'
import { type Path, valueAt } from '../../finding.ts'
import type { Change } from './change.ts'

type Legitimate = {
  reason: string
  kind?: RegExp
  /** The path, with a blank before each part. */
  path: RegExp
  /** Only if our resource sets no value there. */
  unlessSet?: true
}

/** Labels and annotations of a namespace that Kubernetes, a mesh or our policies read. */
const readOfNamespaces =
  /^ metadata (labels|annotations) (istio-injection|([^ ]*\.)?(istio\.io|linkerd\.io|secure-signing\.dev)\/[^ ]*|security\.openshift\.io\/[^ ]*|pod-security\.kubernetes\.io\/[^ ]*)$/

export const legitimate: readonly Legitimate[] = [
  {
    reason: 'an autoscaler sets the number of Pods',
    kind: /^Deployment$/,
    path: /^ spec replicas$/,
    unlessSet: true,
  },
  {
    reason: 'controllers count revisions and generations of a template',
    path: /^ metadata annotations (deployment\.kubernetes\.io\/revision|deprecated\.daemonset\.template\.generation)$/,
  },
  {
    reason: '`kubectl rollout restart` starts new Pods of the same template',
    path: /^ spec template metadata annotations kubectl\.kubernetes\.io\/restartedAt$/,
  },
  {
    reason: 'Kubernetes labels each namespace with its name',
    kind: /^Namespace$/,
    path: /^ metadata labels kubernetes\.io\/metadata\.name$/,
  },
  {
    reason: '`kubectl apply` keeps what it applied',
    path: /^ metadata annotations kubectl\.kubernetes\.io\/last-applied-configuration$/,
  },
  {
    reason: 'GitOps tools and Helm label what they apply',
    path: /^ metadata (labels|annotations) (app\.kubernetes\.io\/(instance|managed-by)|helm\.sh\/chart|(kustomize|helm)\.toolkit\.fluxcd\.io\/(checksum|name|namespace|prune)|argocd\.argoproj\.io\/(sync-wave|sync-options))$/,
  },
  {
    reason: 'the API server assigns addresses and ports',
    kind: /^Service$/,
    path: /^ spec (clusterIPs?|ipFamil(ies|yPolicy)|healthCheckNodePort|ports \d+ nodePort)( \d+)?$/,
    unlessSet: true,
  },
  {
    reason:
      'OpenShift and Kubernetes before 1.24 give each ServiceAccount Secrets, which our Pods do not mount',
    kind: /^ServiceAccount$/,
    path: /^ (secrets|imagePullSecrets)( |$)/,
  },
]

/** True if the change is no sign of somebody who changed our resource. */
export function isLegitimate(resource: Resource, { path, wanted }: Change): boolean {
  const text = path.map((part) => ` ${part}`).join('')
  if (resource.kind === 'Namespace' && wanted === undefined && isMark(path)) {
    // A namespace belongs to its platform, which has labels of its own.
    return !readOfNamespaces.test(text)
  }
  return (
    isMarkOfWriter(path) ||
    legitimate.some(
      ({ kind, path: pattern, unlessSet }) =>
        (kind?.test(resource.kind) ?? true) &&
        pattern.test(text) &&
        !(unlessSet && valueAt(resource, path) !== undefined),
    )
  )
}

/** A label or annotation by which a GitOps tool knows its resources. */
function isMarkOfWriter(path: Path): boolean {
  return (
    isMark(path) &&
    knownWriters.some(({ mark, ofSecrets }) => !ofSecrets && mark?.test(String(path[2])))
  )
}

function isMark([first, second]: Path): boolean {
  return first === 'metadata' && (second === 'labels' || second === 'annotations')
}
