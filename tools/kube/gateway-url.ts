// Finds a URL of the ingress gateway: the given one, its load balancer, or a port-forward.
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import type { IngressGateway } from './ingress-gateway.ts'
import { kubectlJson } from './kubectl.ts'
import { startPortForward } from './port-forward.ts'

export type GatewayUrl = {
  /** Without a slash at the end, for example "http://203.0.113.7". */
  url: string
  /** The command that makes the URL reachable, if it needs one. It runs in another terminal. */
  prerequisite?: string
}

/** The port of the gateway's Service that mesh/public-gateway.yaml opens. */
const servicePort = 80
/** The local port in `prerequisite`. */
const suggestedLocalPort = 8080

const services = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
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
  gateway: IngressGateway,
  given: string | undefined,
  use: (gatewayUrl: GatewayUrl) => Promise<T>,
): Promise<T> {
  if (given) return use({ url: given.replace(/\/+$/, '') })
  const service = await findService(gateway)
  const address = service.status.loadBalancer.ingress[0]
  const host = address?.hostname ?? address?.ip
  if (host !== undefined) return use({ url: `http://${host.includes(':') ? `[${host}]` : host}` })
  const target = ['-n', gateway.namespace, `service/${service.metadata.name}`]
  const forward = await startPortForward(target, servicePort).catch((error: Error) => {
    throw new UserError(error.message, 'Set GATEWAY_URL to the address of the gateway.')
  })
  try {
    const prerequisite = `kubectl port-forward ${target.join(' ')} ${suggestedLocalPort}:${servicePort}`
    return await use({ url: `http://127.0.0.1:${forward.port}`, prerequisite })
  } finally {
    forward.stop()
  }
}

/** Returns the URL that works after the user has run `prerequisite`. */
export function chooseUrlToPrint({ url, prerequisite }: GatewayUrl): string {
  return prerequisite === undefined ? url : `http://127.0.0.1:${suggestedLocalPort}`
}

async function findService(gateway: IngressGateway) {
  const args = ['get', 'services', '-n', gateway.namespace, '-o', 'json']
  const { items } = await kubectlJson(services, args)
  const service = items.find(
    ({ spec }) =>
      Object.keys(spec.selector).length > 0 &&
      Object.entries(spec.selector).every(([key, value]) => gateway.podLabels[key] === value) &&
      spec.ports.some(({ port }) => port === servicePort),
  )
  if (service !== undefined) return service
  throw new UserError(
    `no Service in namespace ${gateway.namespace} has port ${servicePort} of the ingress gateway`,
    'Set GATEWAY_URL to the address of the gateway, for example http://192.0.2.7.',
  )
}
