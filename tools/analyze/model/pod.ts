// Workloads as the rules read them: a Pod template or a Pod, with the path of each part in its resource.
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import {
  type Layout,
  layouts,
  noMesh,
  onePod,
  separatePods,
  sharesPod,
} from '../../kube/layouts.ts'
import type { Resource } from '../../kube/resources.ts'
import { type Path, readAt, UnreadableError, valueAt } from '../finding.ts'
import type { Application } from './application.ts'

const ids = {
  runAsUser: z.number().optional(),
  runAsGroup: z.number().optional(),
  runAsNonRoot: z.boolean().optional(),
}

const seccompProfile = z.object({ type: z.string() }).optional()

const container = z.object({
  name: z.string(),
  image: z.string().default(''),
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
      seccompProfile,
      capabilities: z
        .object({ drop: z.array(z.string()).default([]), add: z.array(z.string()).default([]) })
        .optional(),
    })
    .default({}),
})

const volume = z.object({
  name: z.string(),
  secret: z.looseObject({ secretName: z.string().optional() }).optional(),
  hostPath: z.unknown().optional(),
  emptyDir: z.object({ medium: z.string().optional() }).optional(),
  projected: z
    .object({
      sources: z.array(
        z.object({
          secret: z.looseObject({ name: z.string() }).optional(),
          configMap: z
            .object({ name: z.string().optional(), optional: z.boolean().optional() })
            .optional(),
          serviceAccountToken: z
            .object({ audience: z.string().optional(), expirationSeconds: z.number().optional() })
            .optional(),
        }),
      ),
    })
    .optional(),
})

const strings = z.record(z.string(), z.string()).default({})
const pod = z.object({
  metadata: z
    .object({ annotations: strings, labels: strings })
    .default({ annotations: {}, labels: {} }),
  spec: z.object({
    serviceAccountName: z.string().default('default'),
    automountServiceAccountToken: z.boolean().optional(),
    hostPID: z.boolean().default(false),
    hostIPC: z.boolean().default(false),
    hostNetwork: z.boolean().default(false),
    shareProcessNamespace: z.boolean().default(false),
    hostAliases: z.array(z.object({ hostnames: z.array(z.string()).default([]) })).default([]),
    securityContext: z
      .object({
        ...ids,
        fsGroup: z.number().optional(),
        supplementalGroups: z.array(z.number()).default([]),
        seccompProfile,
      })
      .default({ supplementalGroups: [] }),
    containers: z.array(container),
    // Istio's proxy is here if it is a native sidecar.
    initContainers: z.array(container).default([]),
    // A Pod has them, a Pod template does not.
    ephemeralContainers: z.array(container).default([]),
    volumes: z.array(volume).default([]),
  }),
})

type Placed<T> = T & { path: Path }
export type Container = Placed<z.infer<typeof container>>
export type Volume = Placed<z.infer<typeof volume>>
/** `path`: of the Pod template in `resource`. */
export type Workload = Placed<z.infer<typeof pod>> & { resource: Resource }

export const proxyName = 'istio-proxy'
/** The container that reads the key from Vault. */
export const agentName = 'vault-agent'
/** Istio's containers run as 1337, by which its iptables rules recognize them. */
const istioContainers = [proxyName, 'istio-validation']

const inTemplate = ['spec', 'template']
const templates: Record<string, Path> = {
  Pod: [],
  Deployment: inTemplate,
  ReplicaSet: inTemplate,
  StatefulSet: inTemplate,
  DaemonSet: inTemplate,
  Job: inTemplate,
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
}

/** Lists Pods and the resources that create Pods. */
export function listWorkloadResources(resources: readonly Resource[]): Resource[] {
  return resources.filter(({ kind }) => kind in templates)
}

/** Finds the resource of the Pod with the signer. */
export function findSigningResource(resources: readonly Resource[]): Resource | undefined {
  const deployments = layouts.map(({ signer }) => signer)
  const workloads = listWorkloadResources(resources)
  const named = workloads.filter((resource) => isDeployment(resource, deployments))
  // Another workload may have a container of this name.
  return [...named, ...workloads].find((resource) => runs(resource, 'signer')) ?? named[0]
}

/**
 * The layout of the resources. They are separate Pods if the signer's Deployment has the name of that layout, and without a mesh
 * if a container calls the signer's socket.
 */
export function readLayout(resources: readonly Resource[]): Layout {
  const found = findSigningResource(resources)
  if (found === undefined) return onePod
  if (isDeployment(found, [separatePods.signer])) return separatePods
  return isCalledByContainer(found) ? noMesh : onePod
}

function isCalledByContainer(resource: Resource): boolean {
  const containers = valueAt(resource, [...pathOf(resource), 'spec', 'containers'])
  const env = Array.isArray(containers) ? containers.flatMap((each) => valueAt(each, ['env'])) : []
  return env.some((each) => isDeepStrictEqual(each, { name: 'SIGNER_PEER', value: 'container' }))
}

/** Finds the resource of the Pod with the frontend. It may be the signer's Pod too. */
export function findFrontendResource(resources: readonly Resource[]): Resource | undefined {
  const layout = readLayout(resources)
  if (sharesPod(layout)) return findSigningResource(resources)
  return listWorkloadResources(resources).find(
    (resource) => isDeployment(resource, [layout.frontend]) || runs(resource, 'frontend'),
  )
}

/** Finds the resources of our Pods, one or two. */
export function findOurResources(resources: readonly Resource[]): Resource[] {
  const found = [findSigningResource(resources), findFrontendResource(resources)]
  return [...new Set(found)].filter((each) => each !== undefined)
}

/** Lists the containers of this project. Those of another application, and those that users add, are their own. */
export function listReleasedContainers(
  pod: Workload,
  { isOurs, container: own }: Application,
): Container[] {
  const released = ['signer', agentName, ...(isOurs ? [own] : [])]
  return listOwnContainers(pod).filter(({ name }) => released.includes(name))
}

function isDeployment({ kind, metadata }: Resource, names: readonly string[]): boolean {
  return kind === 'Deployment' && names.includes(metadata.name)
}

function runs(resource: Resource, container: string): boolean {
  const containers = valueAt(resource, [...pathOf(resource), 'spec', 'containers'])
  return (
    Array.isArray(containers) && containers.some((each) => valueAt(each, ['name']) === container)
  )
}

/** The labels of the resource's Pods, even if the rest is unreadable. */
export function readLabels(resource: Resource): unknown {
  return valueAt(resource, [...pathOf(resource), 'metadata', 'labels'])
}

/** Reads the Pod template of `resource`. Throws UnreadableError. */
export function readWorkload(resource: Resource): Workload {
  const path = pathOf(resource)
  return { ...readAt(pod, resource, path), path, resource }
}

/** Reads the Pod with the signer. Throws UnreadableError, also if there is none. */
export function readPod(resources: readonly Resource[]): Workload {
  return readFound(findSigningResource(resources), 'signer')
}

/** Reads the Pod with the frontend. Throws UnreadableError, also if there is none. */
export function readFrontendPod(resources: readonly Resource[]): Workload {
  return readFound(findFrontendResource(resources), 'frontend')
}

/** Reads our Pods, the signer's first. Throws UnreadableError, also if one is missing. */
export function readPods(resources: readonly Resource[]): Workload[] {
  const pod = readPod(resources)
  return sharesPod(readLayout(resources)) ? [pod] : [pod, readFrontendPod(resources)]
}

function readFound(found: Resource | undefined, container: string): Workload {
  if (found !== undefined) return readWorkload(found)
  const message = `no workload has a container "${container}"`
  throw new UnreadableError({ group: 'apps', path: [], message })
}

/** Lists containers, init containers and ephemeral ones. */
export function listContainers({ spec, path }: Workload): Container[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    spec[list].map((each, index) => ({ ...each, path: [...path, 'spec', list, index] })),
  )
}

/** Lists the containers that are not Istio's. */
export function listOwnContainers(pod: Workload): Container[] {
  return listContainers(pod).filter(({ name }) => !istioContainers.includes(name))
}

export function listVolumes({ spec, path }: Workload): Volume[] {
  return spec.volumes.map((each, index) => ({ ...each, path: [...path, 'spec', 'volumes', index] }))
}

/** The path of the Pod template, or of a Pod itself. */
export function pathOf({ kind }: Resource): Path {
  return templates[kind] ?? []
}
