// Fills in what each deployment fills in itself in a Pod, and what injection rewrites. Each has to fit the other resources, or to
// have the form that it must have.
import type { Resource } from '../../../kube/resources.ts'
import { valueAt } from '../../finding.ts'
import { listRefusedAnnotations } from '../../model/allowed-metadata.ts'
import { agentName } from '../../model/pod.ts'
import type { PodDifference } from './compare-pods.ts'

/** `resources`: those of the Pod's namespace, and those without a namespace. */
export type Surroundings = {
  namespace: string
  resources: readonly Resource[]
  isInjected: boolean
}

type Fill = { at: RegExp; isRight: (difference: PodDifference, around: Surroundings) => boolean }

const revision = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/

const fills: readonly Fill[] = [
  {
    at: /^metadata\.labels\[istio\.io\/rev\]$/,
    // In a shared namespace, the label of the Pod decides.
    isRight: ({ found }, around) => {
      const own = findNamed('Namespace', around.namespace, around)?.metadata.labels?.[
        'istio.io/rev'
      ]
      return own === undefined ? revision.test(String(found)) : own === found
    },
  },
  {
    at: /^metadata\.annotations\[secure-signing\.dev\/vault-agent\]$/,
    isRight: ({ found }, around) => {
      const texts = findNamed('ConfigMap', agentName, around)
      return texts === undefined || valueAt(texts, ['data', 'agent.hcl']) === found
    },
  },
  {
    at: /^spec\.containers\[signer\]\.env\[SIGNER_CALLER\]\.value$/,
    isRight: ({ shipped, found }, { namespace }) => {
      const account = String(shipped).split('/').at(-1)
      return new RegExp(`^spiffe://[\\w.-]+/ns/${namespace}/sa/${account}$`).test(String(found))
    },
  },
  {
    // The port of the agent. The admission policy says which ones Istio may leave out.
    at: /^metadata\.annotations\[traffic\.sidecar\.istio\.io\/excludeInboundPorts\]$/,
    isRight: ({ found }, { isInjected }) =>
      isInjected &&
      listRefusedAnnotations({ 'traffic.sidecar.istio.io/excludeInboundPorts': String(found) })
        .length === 0,
  },
  // Istio's agent asks the container.
  {
    at: /\.(readiness|liveness|startup)Probe\.httpGet\.path$/,
    isRight: ({ found }, { isInjected }) =>
      isInjected && /^\/app-health\/[\w-]+\/(ready|live|startup)z$/.test(String(found)),
  },
  {
    at: /\.(readiness|liveness|startup)Probe\.httpGet\.port$/,
    isRight: ({ found }, { isInjected }) => isInjected && found === 15020,
  },
]

/** True if the difference is a value that deployments or the mesh fill in, and it is right. */
export function isFilledIn(difference: PodDifference, around: Surroundings): boolean {
  const isMissing = difference.shipped === undefined || difference.found === undefined
  return (
    !isMissing &&
    fills.some(({ at, isRight }) => at.test(difference.place) && isRight(difference, around))
  )
}

function findNamed(kind: string, name: string, { resources }: Surroundings): Resource | undefined {
  return resources.find((each) => each.kind === kind && each.metadata.name === name)
}
