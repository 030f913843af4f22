// Finds a URL of the gateway: the given one, its load balancer, or a port-forward.
import { isIP } from 'node:net'
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import type { PublicRoute } from './gateway/public-route.ts'
import { formatIdentity } from './gateway/workloads.ts'
import { kubectlJson } from './kubectl.ts'
import { selectsByLabels } from './label-selector.ts'
import { describePortForward, startPortForward } from './port-forward.ts'

export type Address = { host: string; port: number }

export type GatewayUrl = {
  /** As clients write it, without a slash at the end, for example "https://signing.example". */
  url: string
  /** Where to connect, if it is not the host of `url`. */
  address?: Address
  /** The command that makes the address reachable, if it needs one. It runs in another terminal. */
  prerequisite?: string
}

/** The local port in `prerequisite`. */
export const suggestedLocalPort = 8080
const loopback = '127.0.0.1'

const services = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      spec: z.object({
        selector: z.record(z.string(), z.string()).default({}),
        ports: z.array(z.object({ port: z.number() })).default([]),
      }),
      status: z.object({
        loadBalancer: z
          .object({
            ingress: z
              .array(z.object({ ip: z.string().optional(), hostname: z.string().optional() }))
              .default([]),
          })
          .default({ ingress: [] }),
      }),
    }),
  ),
})

/** Calls `use` with a URL that works on this machine. A port-forward ends with the call. `given`: GATEWAY_URL. */
export async function withGatewayUrl<T>(
  route: PublicRoute,
  given: string | undefined,
  use: (gatewayUrl: GatewayUrl) => Promise<T>,
): Promise<T> {
  if (given) return use(readGivenUrl(given, route.host))
  const service = await findService(route)
  const found = service.status.loadBalancer.ingress[0]
  const host = found?.hostname ?? found?.ip
  if (host !== undefined) return use(composeUrl(route, { host, port: route.entry.port }))
  const { name, namespace } = service.metadata
  const target = ['-n', namespace, `service/${name}`]
  const forward = await startPortForward(target, route.entry.port).catch((error: Error) => {
    throw new UserError(error.message, 'Set GATEWAY_URL to the address of the gateway.')
  })
  try {
    const prerequisite = describePortForward(target, suggestedLocalPort, route.entry.port)
    return await use({
      ...composeUrl(route, { host: loopback, port: forward.port }),
      prerequisite,
    })
  } finally {
    forward.stop()
  }
}

/** Returns the URL that works after the user has run `prerequisite`. */
export function chooseUrlToPrint(gatewayUrl: GatewayUrl): GatewayUrl {
  if (gatewayUrl.prerequisite === undefined) return gatewayUrl
  const printed = new URL(gatewayUrl.url)
  printed.port = String(suggestedLocalPort)
  return {
    ...gatewayUrl,
    url: printed.origin,
    ...(gatewayUrl.address && { address: { host: loopback, port: suggestedLocalPort } }),
  }
}

/** Returns the host and port to connect to. */
export function readAddress({ url, address }: GatewayUrl): Address {
  if (address !== undefined) return address
  const { hostname, port, protocol } = new URL(url)
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  }
}

/** Keeps scheme and address of GATEWAY_URL. With another host name, only the connection goes to that address. */
function readGivenUrl(given: string, host: string | undefined): GatewayUrl {
  const parsed = URL.parse(given)
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new UserError(
      `GATEWAY_URL=${given} is not the address of a gateway`,
      'Give scheme and host, for example GATEWAY_URL=https://signing.example.',
    )
  }
  const url = given.replace(/\/+$/, '')
  if (host === undefined || isWildcard(host) || parsed.hostname === host) return { url }
  const address = readAddress({ url })
  return { url: withHost(url, host), address }
}

function composeUrl({ host, entry }: PublicRoute, address: Address): GatewayUrl {
  const scheme = entry.isTls ? 'https' : 'http'
  const direct = new URL(`${scheme}://${bracket(address.host)}:${address.port}`).origin
  if (host === undefined || isWildcard(host)) return { url: direct }
  return { url: withHost(direct, host), address }
}

function withHost(url: string, host: string): string {
  const changed = new URL(url)
  changed.hostname = host
  return changed.origin
}

/** A VirtualService may be for "*.example", which no client can send. */
function isWildcard(host: string): boolean {
  return host.startsWith('*')
}

/** Returns the host as it is in a URL. */
export function bracket(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host
}

async function findService({ workloads, entry }: PublicRoute) {
  for (const workload of workloads) {
    const args = ['get', 'services', '-n', workload.namespace, '-o', 'json']
    const { items } = await kubectlJson(services, args)
    const service = items.find(
      ({ spec }) =>
        selectsByLabels(spec.selector, workload.podLabels) &&
        spec.ports.some(({ port }) => port === entry.port),
    )
    if (service !== undefined) return service
  }
  throw new UserError(
    `no Service has port ${entry.port} of the gateway ${workloads.map(formatIdentity).join(', ')}`,
    'Set GATEWAY_URL to the address of the gateway, for example http://192.0.2.7.',
  )
}
