// A Pod as the promises look at it: the rendered template, or what the cluster made of it.
import { z } from 'zod'
import type { Resource } from '../../deploy/resources.ts'

const ids = {
  runAsUser: z.number().optional(),
  runAsGroup: z.number().optional(),
  runAsNonRoot: z.boolean().optional(),
}

const container = z.object({
  name: z.string(),
  image: z.string(),
  env: z
    .array(
      z.object({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z.looseObject({ secretKeyRef: z.unknown().optional() }).optional(),
      }),
    )
    .default([]),
  envFrom: z.array(z.looseObject({ secretRef: z.unknown().optional() })).default([]),
  ports: z.array(z.object({ containerPort: z.number() })).default([]),
  volumeMounts: z
    .array(
      z.object({
        name: z.string(),
        mountPath: z.string(),
        readOnly: z.boolean().default(false),
        subPath: z.string().optional(),
      }),
    )
    .default([]),
  securityContext: z
    .object({
      ...ids,
      allowPrivilegeEscalation: z.boolean().optional(),
      readOnlyRootFilesystem: z.boolean().optional(),
      privileged: z.boolean().optional(),
      capabilities: z
        .object({ drop: z.array(z.string()).default([]), add: z.array(z.string()).default([]) })
        .optional(),
    })
    .default({}),
})
export type Container = z.infer<typeof container>

const secretSource = z.looseObject({ secretName: z.string().optional() })
const volume = z.object({
  name: z.string(),
  secret: secretSource.optional(),
  hostPath: z.unknown().optional(),
  emptyDir: z.object({ medium: z.string().optional() }).optional(),
  projected: z
    .object({
      sources: z.array(
        z.object({
          secret: z.looseObject({ name: z.string() }).optional(),
          serviceAccountToken: z
            .object({ audience: z.string().optional(), expirationSeconds: z.number().optional() })
            .optional(),
        }),
      ),
    })
    .optional(),
})
export type Volume = z.infer<typeof volume>

const pod = z.object({
  metadata: z.object({
    annotations: z.record(z.string(), z.string()).default({}),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({
    automountServiceAccountToken: z.boolean().optional(),
    hostPID: z.boolean().default(false),
    hostIPC: z.boolean().default(false),
    hostNetwork: z.boolean().default(false),
    shareProcessNamespace: z.boolean().default(false),
    securityContext: z
      .object({
        ...ids,
        fsGroup: z.number().optional(),
        supplementalGroups: z.array(z.number()).default([]),
        seccompProfile: z.object({ type: z.string() }).optional(),
      })
      .default({ supplementalGroups: [] }),
    containers: z.array(container),
    // Where Istio's proxy is, if it is a native sidecar.
    initContainers: z.array(container).default([]),
    volumes: z.array(volume).default([]),
  }),
})
export type Pod = z.infer<typeof pod>

export const proxyName = 'istio-proxy'

/** Reads a Pod, or the Pod template of the one Deployment among `resources`. */
export function readPod(resources: readonly Resource[]): Pod {
  const found = resources.find(({ kind }) => kind === 'Deployment' || kind === 'Pod')
  if (found?.kind === 'Pod') return pod.parse(found)
  return pod.parse(z.object({ template: z.unknown() }).parse(found?.spec).template)
}

/** Every container, wherever it is listed. */
export function listContainers({ spec }: Pod): Container[] {
  return [...spec.initContainers, ...spec.containers]
}

/** Names of the containers that mount one of `volumes`. */
export function findMounters(pod: Pod, volumes: readonly Volume[]): string[] {
  const names = new Set(volumes.map(({ name }) => name))
  return listContainers(pod)
    .filter(({ volumeMounts }) => volumeMounts.some(({ name }) => names.has(name)))
    .map(({ name }) => name)
}
