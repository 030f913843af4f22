// Finds Gateways of both kinds by name: Istio's own, and those of the Kubernetes Gateway API.
import { z } from 'zod'
import { CommandError } from '../../cli/exec.ts'
import { UserError } from '../../cli/terminal.ts'
import { kubectlJsonIfAny } from '../kubectl.ts'
import { listOf, type Resource, resourceSchema } from '../resources.ts'
import { istioGroup } from './istio-gateway.ts'
import { gatewayApiGroup } from './kubernetes-gateway.ts'

export type GatewayName = { namespace: string; name: string; group?: string }

const found = listOf(resourceSchema)
const classSchema = z.looseObject({ spec: z.looseObject({ controllerName: z.string() }) })
/** NAMESPACE/NAME, with the API group before it if both kinds have a Gateway of this name. */
const form =
  /^(?:([a-z0-9.]+\.io)\/)?([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)$/

/** Parses GATEWAY. Throws UserError for any other form. */
export function parseGatewayName(text: string): GatewayName {
  const [, group, namespace, name] = form.exec(text) ?? []
  const isKnown = group === undefined || [istioGroup, gatewayApiGroup].includes(group)
  if (namespace !== undefined && name !== undefined && isKnown) {
    return { namespace, name, ...(group !== undefined && { group }) }
  }
  throw new UserError(
    `GATEWAY="${text}" is not NAMESPACE/NAME`,
    'List the Gateways by `kubectl get gateways.networking.istio.io,gateways.gateway.networking.k8s.io -A`.',
  )
}

/** Finds the Gateway. Throws UserError if there is none, or one of each kind. */
export async function findGateway({ namespace, name, group }: GatewayName): Promise<Resource> {
  const groups = group === undefined ? [istioGroup, gatewayApiGroup] : [group]
  const all = (await Promise.all(groups.map((each) => listResources(`gateways.${each}`)))).flat()
  const named = all.filter(
    ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
  )
  const [first, second] = named
  if (second !== undefined) {
    throw new UserError(
      `both kinds have a Gateway ${namespace}/${name}: ${groups.join(' and ')}`,
      `Name the kind: GATEWAY=${istioGroup}/${namespace}/${name} or GATEWAY=${gatewayApiGroup}/${namespace}/${name}.`,
    )
  }
  if (first !== undefined) return first
  const names = all.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  throw new UserError(
    `the Gateway ${namespace}/${name} does not exist`,
    names.length === 0
      ? 'The cluster has no Gateway. Leave out GATEWAY, and this project opens one.'
      : `Set GATEWAY to one of ${names.join(', ')}.`,
  )
}

export function isKubernetesGateway({ apiVersion }: Resource): boolean {
  return apiVersion.startsWith(`${gatewayApiGroup}/`)
}

/** Istio serves these classes also if somebody has deleted them. */
const builtInClasses: Readonly<Record<string, string>> = {
  istio: 'istio.io/gateway-controller',
  'istio-remote': 'istio.io/unmanaged-gateway',
}

/** Returns the controller of a GatewayClass. Returns undefined if there is no such class. */
export async function readController(gatewayClass: string): Promise<string | undefined> {
  const kind = `gatewayclasses.${gatewayApiGroup}`
  const known = await kubectlJsonIfAny(classSchema, [
    ...['get', kind, gatewayClass, '--ignore-not-found', '-o', 'json'],
  ])
  return known === undefined ? builtInClasses[gatewayClass] : known.spec.controllerName
}

/** Lists the resources of one kind in all namespaces. Returns none if the cluster does not have the kind. */
export async function listResources(kind: string): Promise<Resource[]> {
  return readResources(['get', kind, '--all-namespaces'])
}

/** Reads one resource, or returns undefined. */
export async function readResource(
  kind: string,
  name: string,
  namespace: string,
): Promise<Resource | undefined> {
  const [first] = await readNamed([`${kind}/${name}`], namespace)
  return first
}

/** Reads those of the resources that exist, each named <kind>/<name>. */
export function readNamed(names: readonly string[], namespace: string): Promise<Resource[]> {
  return readResources(['get', ...names, '-n', namespace, '--ignore-not-found'])
}

async function readResources(args: readonly string[]): Promise<Resource[]> {
  try {
    return (await kubectlJsonIfAny(found, [...args, '-o', 'json'])) ?? []
  } catch (error) {
    const isMissing =
      error instanceof CommandError && /doesn't have a resource type/.test(error.result.stderr)
    if (isMissing) return []
    throw error
  }
}
