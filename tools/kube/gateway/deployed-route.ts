// Reads which Gateway the deployed route is bound to, and for which host.
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { namespace, service } from '../names.ts'
import { readNamed, readResource } from './find-gateway.ts'
import { istioGroup } from './istio-gateway.ts'
import { gatewayApiGroup } from './kubernetes-gateway.ts'
import { formatSelector } from './workloads.ts'

export type DeployedRoute = {
  namespace: string
  name: string
  group: string
  host: string | undefined
  /** GATEWAY_SELECTOR of our own Gateway. */
  selector: string | undefined
}

const virtualService = z.looseObject({
  gateways: z.array(z.string()).default([]),
  hosts: z.array(z.string()).default([]),
})
const httpRoute = z.looseObject({
  parentRefs: z
    .array(z.looseObject({ namespace: z.string().default(namespace), name: z.string() }))
    .default([]),
  hostnames: z.array(z.string()).default([]),
})
const gatewaySpec = z.looseObject({ selector: z.record(z.string(), z.string()).default({}) })

/** Returns undefined if no route is deployed. */
export async function readDeployedRoute(): Promise<DeployedRoute | undefined> {
  const names = [`virtualservices.${istioGroup}/${service}`, `gateways.${istioGroup}/public`]
  const [ofIstio, http] = await Promise.all([
    readNamed(names, namespace),
    // A user who may not read HTTPRoutes has not deployed one.
    readResource(`httproutes.${gatewayApiGroup}`, service, namespace).catch((error) => {
      if (!(error instanceof UserError)) throw error
    }),
  ])
  const parent = httpRoute.parse(http?.spec ?? {}).parentRefs[0]
  if (http !== undefined && parent !== undefined) {
    const [host] = httpRoute.parse(http.spec).hostnames
    return {
      ...{ namespace: parent.namespace, name: parent.name, group: gatewayApiGroup },
      ...{ host, selector: undefined },
    }
  }
  const find = (kind: string) => ofIstio.find((each) => each.kind === kind)?.spec ?? {}
  const { gateways, hosts } = virtualService.parse(find('VirtualService'))
  // While a deployment replaces a Gateway, the new one comes first.
  const [gateway] = gateways
  if (gateway === undefined) return undefined
  const [where = namespace, name = gateway] = gateway.includes('/') ? gateway.split('/', 2) : []
  const { selector } = gatewaySpec.parse(find('Gateway'))
  return {
    ...{ namespace: where, name, group: istioGroup },
    host: hosts.find((each) => each !== '*'),
    selector: formatSelector(selector) || undefined,
  }
}
