// The Pod template of an application, as far as the signer beside it depends on it.
import { z } from 'zod'
import { showPath } from '../../cli/checkout.ts'
import { UserError } from '../../cli/terminal.ts'
import { describeResource } from '../resources.ts'
import type { Manifest } from './manifests.ts'
import type { Place } from './parse.ts'

const texts = z.record(z.string(), z.string()).default({})
const id = z.int().optional()
const container = z.looseObject({
  name: z.string(),
  ports: z
    .array(z.looseObject({ name: z.string().optional(), containerPort: z.int() }))
    .default([]),
  securityContext: z.looseObject({ runAsUser: id, runAsGroup: id }).default({}),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })).default([]),
})
export type ApplicationContainer = z.infer<typeof container>
const pod = z.looseObject({
  metadata: z.looseObject({ labels: texts, annotations: texts }).prefault({}),
  spec: z.looseObject({
    serviceAccountName: z.string().optional(),
    automountServiceAccountToken: z.boolean().optional(),
    hostNetwork: z.boolean().optional(),
    hostPID: z.boolean().optional(),
    hostIPC: z.boolean().optional(),
    shareProcessNamespace: z.boolean().optional(),
    hostname: z.string().optional(),
    terminationGracePeriodSeconds: z.int().default(30),
    securityContext: z
      .looseObject({
        runAsUser: id,
        runAsGroup: id,
        fsGroup: id,
        supplementalGroups: z.array(z.int()).default([]),
        seccompProfile: z.unknown().optional(),
      })
      .prefault({}),
    initContainers: z.array(container).default([]),
    containers: z.array(container),
    volumes: z.array(z.looseObject({ name: z.string() })).default([]),
  }),
})
const deployment = z.looseObject({ template: pod })
export type ApplicationPod = z.infer<typeof pod>

/** Throws UserError if the manifests have no such Deployment. */
export function findDeployment(
  place: Place,
  name: string,
  manifests: readonly Manifest[],
): { manifest: Manifest; pod: ApplicationPod } {
  const deployments = manifests.filter(({ resource }) => resource.kind === 'Deployment')
  const manifest = deployments.find(({ resource }) => resource.metadata.name === name)
  if (manifest === undefined) {
    const names = deployments.map(({ resource }) => resource.metadata.name).join(', ')
    throw new UserError(
      `${place('deployment')}: deployment: the resources have no Deployment ${name}`,
      names === ''
        ? 'Add the manifest of the Deployment to `resources`.'
        : `Set \`deployment\` to one of ${names}.`,
    )
  }
  const parsed = deployment.safeParse(manifest.resource.spec)
  if (parsed.success) return { manifest, pod: parsed.data.template }
  throw new UserError(
    `${describeResource(manifest.resource)} is not valid: ${z.prettifyError(parsed.error)}`,
    `Correct ${showPath(manifest.path)}.`,
  )
}

export function listContainers({ spec }: ApplicationPod): ApplicationContainer[] {
  return [...spec.initContainers, ...spec.containers]
}
