// A Gateway of Istio (networking.istio.io) that somebody else manages.
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { namespace } from '../names.ts'
import type { Resource } from '../resources.ts'
import type { Door } from './doors.ts'
import { formatSelector, type GatewayWorkload, groupByIdentity, listPods } from './workloads.ts'

export const istioGroup = 'networking.istio.io'

const spec = z.looseObject({
  selector: z.record(z.string(), z.string()).default({}),
  servers: z
    .array(
      z.looseObject({
        name: z.string().default(''),
        port: z.looseObject({
          number: z.number(),
          name: z.string().default(''),
          protocol: z.string(),
        }),
        hosts: z.array(z.string()).default([]),
        tls: z
          .looseObject({
            mode: z.string().default('PASSTHROUGH'),
            httpsRedirect: z.boolean().default(false),
          })
          .optional(),
      }),
    )
    .default([]),
})
type Server = z.infer<typeof spec>['servers'][number]

/** Reads how the servers of the Gateway serve a VirtualService of our namespace. */
export function readServers(gateway: Resource): Door[] {
  return spec.parse(gateway.spec ?? {}).servers.map((server) => {
    const { port, tls } = server
    const hosts = server.hosts.flatMap((text) => admitHost(text, gateway.metadata.namespace))
    const refusal = explainRefusal(server, hosts)
    return {
      title: `server "${server.name || port.name}" (${port.protocol} ${port.number})`,
      port: port.number,
      isTls: isHttps(server),
      needsClientCertificate: /^(ISTIO_)?MUTUAL$/.test(tls?.mode ?? ''),
      hosts,
      ...(refusal !== undefined && { refusal }),
    }
  })
}

/** Finds the Pods that the Gateway configures. Throws UserError if none runs. */
export async function findSelectedPods(gateway: Resource): Promise<GatewayWorkload[]> {
  const { selector } = spec.parse(gateway.spec ?? {})
  const all = await listPods(selector)
  // Without a selector, a Gateway configures every gateway of the mesh.
  const found = Object.keys(selector).length === 0 ? all.filter(({ isRouter }) => isRouter) : all
  if (found.length > 0) return groupByIdentity(found, selector)
  throw new UserError(
    `the Gateway ${gateway.metadata.namespace}/${gateway.metadata.name} selects no running Pod (${formatSelector(selector) || 'no gateway runs'})`,
    'Start its gateway, or correct its selector.',
  )
}

/** Returns the host without its namespace, if a VirtualService of our namespace may use it. */
function admitHost(text: string, own: string | undefined): string[] {
  const [owner, host] = text.includes('/') ? text.split('/', 2) : ['*', text]
  const isAdmitted = owner === '*' || (owner === '.' ? own : owner) === namespace
  return isAdmitted && host !== undefined ? [host] : []
}

function isHttps({ port }: Server): boolean {
  return port.protocol.toUpperCase() === 'HTTPS'
}

function explainRefusal(server: Server, hosts: readonly string[]): string | undefined {
  const { port, tls } = server
  const protocol = port.protocol.toUpperCase()
  if (!['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB', 'HTTPS'].includes(protocol)) {
    return `protocol ${port.protocol} has no HTTP routes`
  }
  if (isHttps(server) && /PASSTHROUGH$/.test(tls?.mode ?? 'PASSTHROUGH')) {
    return `TLS mode ${tls?.mode ?? 'PASSTHROUGH'} does not decrypt, so no path can be checked`
  }
  if (tls?.httpsRedirect === true && !isHttps(server)) return 'redirects every request to HTTPS'
  if (hosts.length === 0) {
    return `its hosts ${server.hosts.join(', ')} do not admit the namespace ${namespace}`
  }
  return undefined
}
