// Reads from resources which application they are for, where no signing.yaml says so: for example from a folder for GitOps.
import { say } from '../../cli/terminal.ts'
import { application } from '../../kube/application.ts'
import { sharesPod } from '../../kube/layouts.ts'
import { container, port, service } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { UnreadableError, valueAt } from '../finding.ts'
import { type Application, describePaths, isOfProject } from './application.ts'
import { isOfPodNamespace, selects } from './namespace.ts'
import { findSigningResource, readLayout, readWorkload } from './pod.ts'
import { gatewayPolicy, readPolicies } from './policies.ts'
import { readListeners } from './sidecar.ts'

const defaultContainer = 'kubectl.kubernetes.io/default-container'
const signerListener = '8081'

/** Takes our own frontend if nothing tells otherwise. Prints a note about what it takes. */
export function chooseApplication(resources: readonly Resource[]): Application {
  const found = tryDeriving(resources)
  if (found === undefined) return application
  say(
    `  note  the application is read from the resources: container ${found.container}, port ${found.port}, ${describePaths(found)}. Set CONFIG to its signing.yaml to have these checked too`,
  )
  return found
}

/** The rules report what is unreadable. */
function tryDeriving(resources: readonly Resource[]): Application | undefined {
  try {
    return deriveApplication(resources)
  } catch (error) {
    if (error instanceof UnreadableError) return undefined
    throw error
  }
}

/** Returns undefined if they are for our own frontend, or have no signer. Throws UnreadableError. */
export function deriveApplication(resources: readonly Resource[]): Application | undefined {
  const found = findSigningResource(resources)
  // Only our own frontend has Pods of its own.
  if (found === undefined || !sharesPod(readLayout(resources))) return undefined
  const { metadata, spec } = readWorkload(found)
  const names = spec.containers.map(({ name }) => name)
  if (names.includes(container)) return undefined
  const own = names.filter((name) => name !== 'signer')
  const listener = readListeners(resources, found).find((each) => each.port !== signerListener)
  const services = resources.filter(
    (each) =>
      each.kind === 'Service' &&
      isOfPodNamespace(each, resources) &&
      valueAt(each, ['spec', 'selector']) !== undefined &&
      selects(valueAt(each, ['spec', 'selector']), found),
  )
  return {
    container: metadata.annotations[defaultContainer] ?? own[0] ?? container,
    serviceAccount: spec.serviceAccountName,
    service: services[0]?.metadata.name ?? service,
    port: listener === undefined ? port : Number(listener.port),
    routes: listRoutes(resources),
    isOurs: false,
  }
}

/** What our policy lets the ingress gateway call. */
function listRoutes(resources: readonly Resource[]): Application['routes'] {
  return readPolicies(resources)
    .filter(({ resource, name }) => isOfProject(resource) && name === gatewayPolicy)
    .flatMap(({ alternatives }) => alternatives)
    .flatMap(({ methods, paths }) =>
      methods.values.flatMap((method) =>
        paths.values.map((path) => ({ method, path }) as Application['routes'][number]),
      ),
    )
}
