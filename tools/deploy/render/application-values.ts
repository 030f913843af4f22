// The values of the application that the signer runs beside. k8s/components/application fills them in.
import { MAX_BATCH_MESSAGES } from '../../../runtime/contract.ts'
import type { Limits } from '../../kube/application/limits-schema.ts'
import { readPrefix } from '../../kube/application/route-path.ts'
import type { Application } from '../../kube/application.ts'
import type { Resource } from '../../kube/resources.ts'
import { makeLocal } from './local-resource.ts'

export type ApplicationValues = {
  namespace: string
  deployment: string
  /** Its container that calls the signer. */
  container: string
  /** The container port of the public routes, as a number, as text, and with the loopback address. */
  port: number
  portText: string
  endpoint: string
  service: string
  servicePort: number
  /** The public routes, as in an AuthorizationPolicy, a VirtualService and an HTTPRoute. */
  operations: { operation: { ports: string[]; methods: string[]; paths: string[] } }[]
  matches: { uri: { exact: string } | { prefix: string } }[]
  routeMatches: { method: string; path: { type: 'Exact' | 'PathPrefix'; value: string } }[]
  /** The hosts that it may call, as in a Sidecar. `~/*` is none. */
  egressHosts: string[]
  /** The annotation proxy.istio.io/config, if the application has settings of its own. */
  proxyConfig?: string
  /** The signer's variables, if the application has figures of its own. */
  limits?: Record<string, string>
}

/**
 * `servicePort`: the port of the Service that leads to the application's port. With `usesVault`, the component vault puts its
 * own host in the place of the first one.
 */
export function composeApplicationValues(
  application: Pick<
    Application,
    'namespace' | 'deployment' | 'container' | 'service' | 'port' | 'routes' | 'egress' | 'limits'
  >,
  servicePort: number,
  usesVault = false,
): ApplicationValues {
  const { namespace, deployment, container, service, port, routes, egress, limits } = application
  const portText = String(port)
  const paths = routes.map((route) => ({ ...route, prefix: readPrefix(route.path) }))
  const matches = paths.map(({ path, prefix }) => ({
    uri: prefix === undefined ? { exact: path } : { prefix },
  }))
  return {
    ...{ namespace, deployment, container, service, servicePort, port, portText },
    endpoint: `127.0.0.1:${port}`,
    operations: routes.map(({ method, path }) => ({
      operation: { ports: [portText], methods: [method], paths: [path] },
    })),
    // Two methods of one path are one match.
    matches: [...new Map(matches.map((each) => [JSON.stringify(each), each])).values()],
    routeMatches: paths.map(({ method, path, prefix }) => ({
      method,
      path:
        prefix === undefined
          ? { type: 'Exact', value: path }
          : { type: 'PathPrefix', value: prefix },
    })),
    egressHosts: egress.length === 0 || usesVault ? ['~/*', ...egress] : egress,
    ...(limits && { limits: composeLimits(limits) }),
  }
}

function composeLimits(limits: Limits): Record<string, string> {
  const { signaturesPerSecond: perSecond, signaturesPerDay: perDay } = limits
  // As the signer does without a burst, but a day may have fewer than the largest batch.
  const burst = limits.burst ?? Math.min(Math.max(MAX_BATCH_MESSAGES, perSecond), perDay)
  return {
    SIGNER_SIGNATURES_PER_SECOND: String(perSecond),
    SIGNER_SIGNATURES_BURST: String(burst),
    SIGNER_SIGNATURES_PER_DAY: String(perDay),
    SIGNER_VERIFICATIONS_PER_SECOND: String(limits.verificationsPerSecond),
  }
}

/** Returns a local resource for the replacements. */
export function toApplicationResource(values: ApplicationValues): Resource {
  const type = { apiVersion: 'secure-signing.dev/v1', kind: 'ApplicationValues' }
  return makeLocal(type, 'application', { spec: values })
}
