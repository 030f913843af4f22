// How this machine reaches the ingress gateway: an address that was given, its load balancer's, or a port-forward.
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import type { IngressGateway } from './ingress-gateway.ts'
import { kubectlJson } from './kubectl.ts'
import { startPortForward } from './port-forward.ts'

export type GatewayUrl = {
  /** Without a slash at the end, e.g. "http://203.0.113.7". */
  url: string
  /** What a person has to run first, in another terminal, if the URL is not reachable by itself. */
  prerequisite?: string
}

/** The port that mesh/public-gateway.yaml opens, as the gateway's Service names it. */
const servicePort = 80
/** The local end of the port-forward that a person is told to start. */
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

/** Calls `use` with a URL of the gateway: `given` (GATEWAY_URL), a load balancer's, or a port-forward during the call. */
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
    throw new UserError(error.message, 'set GATEWAY_URL instead')
  })
  try {
    const prerequisite = `kubectl port-forward ${target.join(' ')} ${suggestedLocalPort}:${servicePort}`
    return await use({ url: `http://127.0.0.1:${forward.port}`, prerequisite })
  } finally {
    forward.stop()
  }
}

/** The URL to print for a person: behind a port-forward it is the one that they are told to start. */
export function urlForPeople({ url, prerequisite }: GatewayUrl): string {
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
    `no Service in namespace ${gateway.namespace} leads to port ${servicePort} of the ingress gateway`,
    'set GATEWAY_URL to where the gateway is reached from here, e.g. http://192.0.2.7',
  )
}
