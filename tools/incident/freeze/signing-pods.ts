// The Pods that sign: those of every layout, of other applications in the namespace, and those that somebody made by hand.
import { z } from 'zod'
import { kubectlJson } from '../../kube/kubectl.ts'
import { freezeMarker, keySecret, namespace } from '../../kube/names.ts'
import { listOf } from '../../kube/resources.ts'

const state = z.object({
  running: z.unknown().optional(),
  waiting: z.object({ reason: z.string().optional() }).optional(),
  terminated: z.object({ reason: z.string().optional() }).optional(),
})
const volume = z.object({
  name: z.string(),
  projected: z
    .object({
      sources: z
        .array(z.object({ configMap: z.object({ name: z.string().optional() }).optional() }))
        .default([]),
    })
    .optional(),
})
const pod = z
  .object({
    metadata: z.object({
      name: z.string(),
      uid: z.string(),
      deletionTimestamp: z.string().optional(),
    }),
    spec: z.object({
      nodeName: z.string().optional(),
      containers: z.array(z.object({ name: z.string() })),
      volumes: z.array(volume).default([]),
    }),
    status: z
      .object({ containerStatuses: z.array(z.object({ name: z.string(), state })).default([]) })
      .prefault({}),
  })
  .transform(({ metadata, spec, status }) => {
    const signer = status.containerStatuses.find(({ name }) => name === 'signer')?.state
    return {
      ...{ name: metadata.name, uid: metadata.uid, node: spec.nodeName },
      isTerminating: metadata.deletionTimestamp !== undefined,
      isSigner:
        spec.containers.some(({ name }) => name === 'signer') &&
        spec.volumes.some(({ name }) => name === keySecret),
      hasMarker: spec.volumes.some(({ projected }) =>
        projected?.sources.some(({ configMap }) => configMap?.name === freezeMarker),
      ),
      hasEnded: signer?.terminated !== undefined,
      stopped:
        signer?.running === undefined
          ? (signer?.waiting?.reason ?? signer?.terminated?.reason ?? 'it has not started')
          : undefined,
    }
  })

/**
 * `hasMarker`: the Pod mounts the ConfigMap of a freeze. `stopped`: why the container signer does not run, or undefined if it
 * runs. `hasEnded`: it has run, and does not now.
 */
export type SigningPod = Omit<z.infer<typeof pod>, 'isSigner'>

export async function listSigningPods(): Promise<SigningPod[]> {
  const args = ['get', 'pods', '-n', namespace, '-o', 'json']
  const active = '--field-selector=status.phase!=Succeeded,status.phase!=Failed'
  const all = await kubectlJson(listOf(pod), [...args, active])
  return all.filter(({ isSigner }) => isSigner)
}
