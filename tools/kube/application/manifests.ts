// Reads the manifests of an application, as far as signing.yaml leaves names to them: its ServiceAccount and its Service.
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { showPath } from '../../cli/checkout.ts'
import { UserError } from '../../cli/terminal.ts'
import { selectsByLabels } from '../label-selector.ts'
import { parseResources, type Resource } from '../resources.ts'
import { decodeText } from '../yaml-split.ts'
import type { Place } from './parse.ts'
import { type ApplicationPod, findDeployment } from './pod.ts'
import type { SigningConfig } from './schema.ts'

const labels = z.record(z.string(), z.string()).default({})
const servicePort = z.looseObject({
  name: z.string().optional(),
  appProtocol: z.string().optional(),
  port: z.int(),
  targetPort: z.union([z.int(), z.string()]).optional(),
})
const serviceSpec = z.looseObject({ selector: labels, ports: z.array(servicePort).default([]) })

/** `port`: the port of the Service that leads to the application's. */
export type LeadingService = { name: string; port: number }

/** `path`: the file or kustomize folder that has the resource. */
export type Manifest = { path: string; resource: Resource }

/** Reads files and kustomize folders. Throws UserError for what is no YAML of Kubernetes. */
export function readManifests(paths: readonly string[]): Manifest[] {
  return paths.flatMap((path) => {
    const isFolder = statSync(path).isDirectory()
    const text = isFolder ? kustomize(path) : decodeText(readFileSync(path))
    try {
      return parseResources(text).map((resource) => ({ path, resource }))
    } catch (error) {
      const reason = error instanceof z.ZodError ? z.prettifyError(error) : Object(error).message
      throw new UserError(
        `${showPath(path)} is not a manifest of Kubernetes: ${reason}`,
        'Correct the file, or remove it from `resources`.',
      )
    }
  })
}

function kustomize(folder: string): string {
  const { status, stdout, stderr, error } = spawnSync('kubectl', ['kustomize', folder], {
    encoding: 'utf8',
  })
  if (status === 0) return stdout
  throw new UserError(
    `kubectl kustomize ${showPath(folder)} fails: ${error?.message ?? stderr.trim()}`,
    'Run this command, and correct what it reports.',
  )
}

/** A port of a Service that selects the Pod, and the port of the Pod that it leads to. */
export type ServedPort = z.infer<typeof servicePort> & { service: string; leadsTo: number }

/** Lists the ports of all Services of the manifests that select the Pod. */
export function listServedPorts(pod: ApplicationPod, manifests: readonly Manifest[]): ServedPort[] {
  const ports = pod.spec.containers.flatMap((each) => each.ports)
  const resolve = (target: number | string) =>
    typeof target === 'number' ? target : ports.find(({ name }) => name === target)?.containerPort
  return manifests.flatMap(({ resource }) => {
    const { kind, metadata, spec } = resource
    const service = serviceSpec.safeParse(spec)
    if (kind !== 'Service' || !service.success) return []
    const selects = selectsByLabels(service.data.selector, pod.metadata.labels)
    return service.data.ports.flatMap((each) => {
      const leadsTo = resolve(each.targetPort ?? each.port)
      return selects && leadsTo !== undefined ? [{ ...each, service: metadata.name, leadsTo }] : []
    })
  })
}

/** Lists the Services of the manifests that lead to `port` of the Pod. */
export function listLeadingServices(
  { port }: SigningConfig,
  pod: ApplicationPod,
  manifests: readonly Manifest[],
): LeadingService[] {
  const leading = listServedPorts(pod, manifests).filter(({ leadsTo }) => leadsTo === port)
  const byName = new Map(leading.toReversed().map((each) => [each.service, each.port]))
  return [...byName].map(([name, found]) => ({ name, port: found })).toReversed()
}

/** Returns what the file leaves out. Throws UserError if the manifests do not answer it. */
export function findAccountAndService(
  place: Place,
  config: SigningConfig,
  manifests: readonly Manifest[],
): { serviceAccount: string; service: string } {
  const { pod } = findDeployment(place, config.deployment, manifests)
  const serviceAccount = config.serviceAccount ?? pod.spec.serviceAccountName ?? 'default'
  if (serviceAccount === 'default') {
    throw new UserError(
      `${place('deployment')}: deployment: ${config.deployment} has no ServiceAccount of its own`,
      'Add a ServiceAccount to `resources`, and set serviceAccountName in the Pod template. The policies tell Pods apart by it.',
    )
  }
  const services = listLeadingServices(config, pod, manifests)
  const [service, second] = services
  if (config.service === undefined && (service === undefined || second !== undefined)) {
    const names = services.map(({ name }) => name).join(', ')
    throw new UserError(
      service === undefined
        ? `${place('port')}: port: no Service in the resources leads to port ${config.port} of the container ${config.container}`
        : `${place('port')}: port: several Services lead to ${config.port}: ${names}`,
      service === undefined
        ? 'Add a Service whose selector has labels of the Pod, and whose targetPort is this port. Or correct `port`.'
        : `Set \`service\` to one of ${names}.`,
    )
  }
  return { serviceAccount, service: config.service ?? service?.name ?? '' }
}
