// One attempt that the API server has to judge, and what it says to it: the cases are data, admission-attempt.ts makes them.
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Api } from '../api-server/api.ts'
import type { WorkloadKind } from './workloads.ts'

/** A value at a path of the Pod, as applyChange takes it. */
export type PodChange = readonly [path: string, value: unknown]
type Change = { changes?: readonly PodChange[] }
export type Connection = { to: 'exec' | 'attach'; container?: string | undefined }

export type Attempt =
  /** Makes a Pod, or a workload of it: the signing Pod with `changes`, or one's own with `pod` as its spec. */
  | ({
      does: 'make'
      kind?: WorkloadKind
      pod?: object
      /** The signer's image, from the repository that is released. */
      image?: (repository: string) => string
    } & Change)
  /** Changes the Deployment that is there. */
  | ({ does: 'change the Deployment' } & Change)
  /** Changes the image of a container of the Pod that is there. */
  | { does: 'change an image'; container: string; image: string }
  | ({ does: 'connect' } & Connection)
  | { does: 'add an ephemeral container'; to: 'the Pod' | 'a Pod without the key'; more?: object }

export type AdmissionCase = {
  name: string
  attempt: Attempt
  /** The policy that refuses, without its prefix; or Pod Security, where it is asked first; or nobody. */
  refusedBy: Judge
  /** A part of what is said about it. */
  saying?: string
}

export type Judge =
  | 'key-stays-in-signer'
  | 'signer-runs-as-released'
  | 'processes-stay-apart'
  | 'no-way-into-signer'
  | 'vault-agent-runs-as-released'
  | 'pods-stay-restricted'
  | 'Pod Security'
  | 'nobody'

/** What is attacked: the deployment as it was applied, or as it is live. */
export type AdmissionTarget = {
  api: Api
  /** The Deployment's template as a Pod; its name is not that of one that is there. */
  template: Resource
  /** Names of a Pod of the Deployment, and of one in the same namespace that has no key. */
  pod: string
  keylessPod: string
}
