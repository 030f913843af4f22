// The route of public clients: the Gateway that our route binds to, its host, and the Pods of the gateway.
import { readVariable } from '../../cli/make-variables.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { readOwnRoute } from '../application/own-routes.ts'
import { application, readSetting } from '../application.ts'
import {
  findIngressGateway,
  type IngressGateway,
  searchIngressGateway,
} from '../ingress-gateway.ts'
import { kubectlJsonIfAny } from '../kubectl.ts'
import { namespace, service } from '../names.ts'
import { type Resource, resourceSchema } from '../resources.ts'
import { readDeployedRoute } from './deployed-route.ts'
import { chooseDoors, type Door } from './doors.ts'
import {
  findGateway,
  type GatewayName,
  isKubernetesGateway,
  listResources,
  parseGatewayName,
  readController,
} from './find-gateway.ts'
import { findSelectedPods, istioGroup, readServers } from './istio-gateway.ts'
import {
  checkAccepted,
  gatewayApiGroup,
  isOfIstio,
  isProgrammed,
  parseKubernetesGateway,
  readListeners,
} from './kubernetes-gateway.ts'
import { findKubernetesPods } from './kubernetes-gateway-pods.ts'
import type { GatewayWorkload, Labels } from './workloads.ts'

/** `own`: our Gateway `public`. `istio`, `gateway-api`: an existing Gateway of that kind. */
export type RouteKind = 'own' | 'istio' | 'gateway-api'

export type PublicRoute = {
  kind: RouteKind
  gateway: { namespace: string; name: string }
  /** The host of our route. Undefined: every host. */
  host: string | undefined
  /** The labels that our own Gateway selects. */
  selector: Labels
  /** The listeners that the HTTPRoute binds to. */
  sections: string[]
  workloads: GatewayWorkload[]
  entry: Entry
}

/** How clients reach the gateway: the port of its Service, and whether it speaks TLS. */
export type Entry = { port: number; isTls: boolean; needsClientCertificate: boolean }

/** GATEWAY, GATEWAY_SELECTOR and PUBLIC_HOST. */
export type WantedRoute = {
  gateway: string | undefined
  selector: string | undefined
  host: string | undefined
}

export const ownGateway = { namespace, name: 'public' }
/** The second is the name in version 0.1. */
const ownNames = [ownGateway.name, 'world']
export const ownEntry: Entry = { port: 80, isTls: false, needsClientCertificate: false }

/** A route of the application's own says it, unless the user does. */
export function readWantedRoute(): WantedRoute {
  const own = application.isOurs
    ? {}
    : readOwnRoute(application.readManifests(), service, namespace)
  return {
    gateway: readSetting('GATEWAY') ?? own.gateway,
    selector: readVariable('GATEWAY_SELECTOR') ?? own.selector,
    host: readSetting('PUBLIC_HOST') ?? own.host,
  }
}

/**
 * Finds the route that the user wants, else the deployed one, else the one that fits the cluster. Throws UserError with the
 * reason if it cannot serve us.
 */
export async function findPublicRoute(wanted: WantedRoute): Promise<PublicRoute> {
  const deployed = wanted.gateway === undefined ? await readDeployedRoute() : undefined
  const name = wanted.gateway === undefined ? deployed : parseGatewayName(wanted.gateway)
  if (name !== undefined && !isOwn(name)) {
    const host = wanted.host ?? deployed?.host
    return bindTo(await findGateway(name), host)
  }
  const host = wanted.host ?? deployed?.host
  const kept = wanted.selector ?? deployed?.selector
  const ingress =
    (kept === undefined ? undefined : await searchIngressGateway(kept)) ??
    (await searchIngressGateway(wanted.selector))
  if (ingress !== undefined) return openOwn(ingress, host)
  const isOpen = name === undefined && wanted.selector === undefined
  const gateway = isOpen ? await findOnlyKubernetesGateway() : undefined
  if (gateway !== undefined) return bindTo(gateway, host)
  return openOwn(await findIngressGateway(wanted.selector), host)
}

function isOwn({ namespace: where, name, group }: GatewayName): boolean {
  return where === namespace && ownNames.includes(name) && group !== gatewayApiGroup
}

function openOwn({ selector, workloads }: IngressGateway, host: string | undefined): PublicRoute {
  return {
    ...{ kind: 'own', gateway: ownGateway, host, selector, workloads },
    ...{ sections: [], entry: ownEntry },
  }
}

async function bindTo(gateway: Resource, wantedHost: string | undefined): Promise<PublicRoute> {
  const { name, namespace: where = 'default' } = gateway.metadata
  const title = `the Gateway ${where}/${name}`
  const isKubernetes = isKubernetesGateway(gateway)
  const all = isKubernetes ? await readAcceptedListeners(title, gateway) : readServers(gateway)
  const { doors, host } = chooseDoors(title, all, wantedHost)
  const { port, isTls, needsClientCertificate } = doors[0]
  return {
    kind: isKubernetes ? 'gateway-api' : 'istio',
    gateway: { namespace: where, name },
    ...{ host, selector: {} },
    sections: doors.flatMap(({ section }) => section ?? []),
    workloads: await (isKubernetes ? findKubernetesPods(gateway) : findSelectedPods(gateway)),
    entry: { port, isTls, needsClientCertificate },
  }
}

async function readAcceptedListeners(title: string, gateway: Resource): Promise<Door[]> {
  const parsed = parseKubernetesGateway(gateway)
  const [controller, labels] = await Promise.all([
    readController(parsed.spec.gatewayClassName),
    readOwnLabels(),
  ])
  checkAccepted(title, parsed, controller)
  return readListeners(gateway, labels)
}

/** Reads the labels of our namespace, by which a listener may admit it. It may not exist yet. */
async function readOwnLabels(): Promise<Labels> {
  const args = ['get', 'namespace', namespace, '--ignore-not-found', '-o', 'json']
  const found = await kubectlJsonIfAny(resourceSchema, args)
  return { 'kubernetes.io/metadata.name': namespace, ...found?.metadata.labels }
}

/** Finds the Gateway of the Kubernetes Gateway API that Istio serves. Throws UserError if there are several. */
async function findOnlyKubernetesGateway(): Promise<Resource | undefined> {
  const all = await listResources(`gateways.${gatewayApiGroup}`)
  const served: Resource[] = []
  for (const each of all) {
    const parsed = parseKubernetesGateway(each)
    const controller = await readController(parsed.spec.gatewayClassName)
    if (isOfIstio(controller) && isProgrammed(parsed)) served.push(each)
  }
  const names = served.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  if (served.length > 1) {
    throw new UserError(
      `several Gateways of the Kubernetes Gateway API are of Istio: ${names.join(', ')}`,
      `Choose one, for example GATEWAY=${names[0]}.`,
    )
  }
  if (served.length === 1) {
    say(`  note  no ingress gateway of ${istioGroup} runs, so the route binds to ${names[0]}`)
  }
  return served[0]
}
