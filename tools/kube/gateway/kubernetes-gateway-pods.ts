// The Pods of a Gateway of the Kubernetes Gateway API: those that Istio deployed for it, or those of the Services it names.
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import type { Resource } from '../resources.ts'
import { readResource } from './find-gateway.ts'
import { gatewayApiGroup, parseKubernetesGateway } from './kubernetes-gateway.ts'
import { formatSelector, type GatewayWorkload, groupByIdentity, listPods } from './workloads.ts'

const serviceSpec = z.looseObject({ selector: z.record(z.string(), z.string()).default({}) })

/** Throws UserError if no Pod runs. */
export async function findKubernetesPods(gateway: Resource): Promise<GatewayWorkload[]> {
  const { name, namespace = 'default' } = gateway.metadata
  const named = parseKubernetesGateway(gateway).spec.addresses.filter(
    ({ type }) => type === 'Hostname',
  )
  const ofGateway = { [`${gatewayApiGroup}/gateway-name`]: name }
  const places =
    named.length === 0
      ? [{ where: namespace, selector: ofGateway }]
      : await Promise.all(named.map(({ value }) => readService(value, namespace)))
  const found = await Promise.all(
    places.map(async ({ where, selector }) =>
      groupByIdentity(await listPods(selector, where), selector),
    ),
  )
  if (found.flat().length > 0) return found.flat()
  const labels = places.map(({ where, selector }) => `${formatSelector(selector)} in ${where}`)
  throw new UserError(
    `the Gateway ${namespace}/${name} has no running Pod (${labels.join('; ')})`,
    `Find the reason by \`kubectl describe gateways.${gatewayApiGroup} ${name} -n ${namespace}\`.`,
  )
}

/** `address`: the name of a Service alone, or with its namespace and the cluster's domain. */
async function readService(address: string, own: string) {
  const [name = '', where = own] = address.split('.')
  const service = await readResource('services', name, where)
  if (service === undefined) {
    throw new UserError(
      `the Gateway names the Service ${where}/${name} as its address, which does not exist`,
      'Correct spec.addresses of the Gateway.',
    )
  }
  return { where, selector: serviceSpec.parse(service.spec).selector }
}
