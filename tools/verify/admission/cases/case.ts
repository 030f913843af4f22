// One attempt that the API server has to judge, and what it says to it: the cases are data, attempt.ts makes them.
import type { Resource } from '../../../kube/resources.ts'
import type { Api } from '../api-server/api.ts'
import type { ResourceChange } from '../change-resource.ts'
import type { WorkloadKind } from '../workloads.ts'

type Change = { changes?: readonly ResourceChange[] }
type Metadata = Partial<Record<'labels' | 'annotations', Record<string, string | null>>>
/** Who makes the attempt. By default it is an administrator. */
export type Asker =
  | 'an administrator'
  | 'a user'
  | 'a ServiceAccount of the namespace'
  | 'the ReplicaSet controller'
  | 'kubelet'
  | 'External Secrets'
type Place = { in?: 'another namespace' }
export type Connection = { to: 'exec' | 'attach'; container?: string | undefined }

export type Attempt =
  /** Makes a Pod or workload: the signing Pod with `changes`, or another Pod with the spec `pod`. */
  | ({
      does: 'make'
      kind?: WorkloadKind
      pod?: object
      /** The signer's image, from the repository that is released. */
      image?: (repository: string) => string
      as?: Asker
      /** Without a dry run, the Pod is removed again. */
      isDryRun?: false
    } & Change &
      Place)
  | ({ does: 'change the Deployment' } & Change)
  /** Changes the Pod template of a workload with our Pod, which only a place of attempts has. */
  | ({ does: 'change a workload'; kind: WorkloadKind } & Change)
  /** Of one that all policies would refuse. */
  | { does: 'label an older workload'; kind: WorkloadKind }
  /** Changes labels and annotations of the running Pod. `null` removes one. */
  | { does: 'change the Pod'; metadata: Metadata; of?: 'the Pod' | 'a Pod without the key' }
  /** Writes a ConfigMap of the namespace. */
  | ({ does: 'write a ConfigMap'; name: string; data: Record<string, string> } & Place)
  /** Writes a ConfigMap of the deployment with changes. */
  | ({ does: 'change a ConfigMap'; name: string } & Change)
  | ({ does: 'request a token'; as: Asker; account: string; audiences: string[] } & Place)
  /** Changes an image of the running Pod. */
  | { does: 'change an image'; container: string; image: string }
  | ({ does: 'connect' } & Connection & Place)
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
  | 'vault-agent-config-as-released'
  | 'vault-token-from-kubelet-alone'
  | 'operator-alone-is-key-reader'
  | 'pods-stay-restricted'
  | 'Pod Security'
  | 'nobody'

/** The deployment under attack, as applied or as it is live. */
export type AdmissionTarget = {
  api: Api
  namespace: string
  /** One without policies. */
  otherNamespace: string
  /** Those of the deployment. */
  configMaps: readonly Resource[]
  deployment: string
  /** The Deployment's template as a Pod with a new name. */
  template: Resource
  /** A Pod of the Deployment, and one without the key in the same namespace. */
  pod: string
  keylessPod: string
}
