// One attempt that the API server has to judge, and what it says to it: the cases are data, attempt.ts makes them.
import type { Resource } from '../../../kube/resources.ts'
import type { Api } from '../api-server/api.ts'
import type { ResourceChange } from '../change-resource.ts'
import type { WorkloadKind } from '../workloads.ts'

type Change = { changes?: readonly ResourceChange[] }
type Metadata = Partial<Record<'labels' | 'annotations', Record<string, string | null>>>
export type Connection = { to: 'exec' | 'attach'; container?: string | undefined }

export type Attempt =
  /** Makes a Pod or workload: the signing Pod with `changes`, or another Pod with the spec `pod`. */
  | ({
      does: 'make'
      kind?: WorkloadKind
      pod?: object
      /** The signer's image, from the repository that is released. */
      image?: (repository: string) => string
    } & Change)
  | ({ does: 'change the Deployment' } & Change)
  /** Changes labels and annotations of the running Pod. `null` removes one. */
  | { does: 'change the Pod'; metadata: Metadata; of?: 'the Pod' | 'a Pod without the key' }
  /** Writes a ConfigMap of the namespace. */
  | { does: 'write a ConfigMap'; name: string; data: Record<string, string> }
  /** Changes an image of the running Pod. */
  | { does: 'change an image'; container: string; image: string }
  | ({ does: 'connect' } & Connection)
  | ({
      does: 'add an ephemeral container'
      to: 'the Pod' | 'a Pod without the key'
      more?: object
    } & Change)

export type AdmissionCase = {
  name: string
  attempt: Attempt
  /** The policy that refuses, without its prefix, or Pod Security, or nobody. */
  refusedBy: Judge
  saying?: string
}

export type Judge =
  | 'key-stays-in-signer'
  | 'signer-runs-as-released'
  | 'processes-stay-apart'
  | 'no-way-into-signer'
  | 'no-way-around-proxy'
  | 'proxy-bootstrap-as-released'
  | 'vault-agent-runs-as-released'
  | 'pods-stay-restricted'
  | 'Pod Security'
  | 'nobody'

/** The deployment under attack, as applied or as it is live. */
export type AdmissionTarget = {
  api: Api
  namespace: string
  deployment: string
  /** The Deployment's template as a Pod with a new name. */
  template: Resource
  /** A Pod of the Deployment, and one without the key in the same namespace. */
  pod: string
  keylessPod: string
}
