// Has the API server admit a Pod of a Deployment, without creating it.
import { tryRun } from '../../../cli/exec.ts'
import { keySecret } from '../../../kube/names.ts'
import type { Resource } from '../../../kube/resources.ts'
import { isRefusedOnlyByOurPolicies } from '../admission.ts'

export type DryRun = {
  sent: unknown
  /** The volume of the key in `sent`. */
  keyVolume: string
  /** The admitted Pod. Undefined if the API server refuses it. */
  admitted?: unknown
  /** What the API server says against the Pod. */
  refusal?: string
}

const hash = '5d59d67564'
const substitute = 'dry-run'

/**
 * Sends the Pod that the Deployment's ReplicaSet would create. If the admission policies refuse it, sends it without the key,
 * because a refusal does not show the Pod. Then `refusal` is the policies'.
 */
export async function dryRunPod(deployment: Resource): Promise<DryRun> {
  const pod = makePod(deployment)
  const first = await send(pod, keySecret)
  if (first.refusal === undefined || !isRefusedOnlyByOurPolicies(first.refusal)) return first
  const { refusal } = first
  const second = await send(withoutKey(pod), substitute)
  return second.refusal === undefined ? { ...second, refusal } : first
}

function makePod({ metadata, spec }: Resource) {
  const { template } = Object(spec)
  const set = `${metadata.name}-${hash}`
  // Not blockOwnerDeletion, which needs another permission where the API server checks it.
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: set,
    uid: hash,
    controller: true,
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...template.metadata,
      generateName: `${set}-`,
      namespace: metadata.namespace,
      labels: { ...template.metadata.labels, 'pod-template-hash': hash },
      ownerReferences: [owner],
    },
    spec: template.spec,
  }
}

/** Replaces what the policies know the Pod by: the key's volume, by an empty one with another name, and the token's audience. */
function withoutKey(pod: ReturnType<typeof makePod>) {
  const name = substitute
  const rename = (each: { name: string }) => (each.name === keySecret ? { ...each, name } : each)
  const { volumes, containers, ...spec } = pod.spec
  return {
    ...pod,
    spec: {
      ...spec,
      volumes: volumes.map((each: { name: string }) =>
        each.name === keySecret ? { name, emptyDir: { medium: 'Memory' } } : withoutAudience(each),
      ),
      containers: containers.map((each: { volumeMounts?: { name: string }[] }) => ({
        ...each,
        volumeMounts: each.volumeMounts?.map(rename),
      })),
    },
  }
}

function withoutAudience(volume: object): object {
  const text = JSON.stringify(volume)
  return JSON.parse(text.replace('"audience":"signer"', `"audience":"${substitute}"`))
}

async function send(sent: unknown, keyVolume: string): Promise<DryRun> {
  const args = ['create', '--dry-run=server', '-o', 'json', '-f', '-']
  const { code, stdout, stderr } = await tryRun('kubectl', args, { input: JSON.stringify(sent) })
  return code === 0
    ? { sent, keyVolume, admitted: JSON.parse(stdout) }
    : { sent, keyVolume, refusal: stderr.trim() }
}
