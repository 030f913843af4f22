// A Gateway of the Kubernetes Gateway API (gateway.networking.k8s.io) that Istio serves.
import { z } from 'zod'
import { say, UserError } from '../../cli/terminal.ts'
import { type LabelSelector, labelSelector, selectsLabels } from '../label-selector.ts'
import { namespace } from '../names.ts'
import type { Resource } from '../resources.ts'
import type { Door } from './doors.ts'

export const gatewayApiGroup = 'gateway.networking.k8s.io'
/** Istio's controllers for ingress: it deploys the gateway, or another cluster does. */
const istioControllers = ['istio.io/gateway-controller', 'istio.io/unmanaged-gateway']

const condition = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
})
export type Condition = z.infer<typeof condition>
export const conditionList = z.array(condition).default([])
const validation = z.object({ mode: z.string().default('AllowValidOnly') })
const frontend = z.looseObject({
  default: z.looseObject({ validation: validation.optional() }).optional(),
})
const gatewaySchema = z.looseObject({
  spec: z.looseObject({
    gatewayClassName: z.string(),
    addresses: z
      .array(z.object({ type: z.string().default('IPAddress'), value: z.string().default('') }))
      .default([]),
    tls: z.looseObject({ frontend: frontend.optional() }).optional(),
    listeners: z
      .array(
        z.looseObject({
          name: z.string(),
          port: z.number(),
          protocol: z.string(),
          hostname: z.string().optional(),
          tls: z.looseObject({ mode: z.string().default('Terminate') }).optional(),
          allowedRoutes: z
            .looseObject({
              namespaces: z
                .looseObject({
                  from: z.string().default('Same'),
                  selector: labelSelector.optional(),
                })
                .default({ from: 'Same' }),
              kinds: z
                .array(z.object({ group: z.string().default(gatewayApiGroup), kind: z.string() }))
                .default([]),
            })
            .optional(),
        }),
      )
      .default([]),
  }),
  status: z
    .looseObject({
      conditions: conditionList,
      listeners: z
        .array(z.looseObject({ name: z.string(), conditions: conditionList }))
        .default([]),
    })
    .default({ conditions: [], listeners: [] }),
})
export type KubernetesGateway = z.infer<typeof gatewaySchema>
type Listener = KubernetesGateway['spec']['listeners'][number]

export function parseKubernetesGateway(gateway: Resource): KubernetesGateway {
  return gatewaySchema.parse(gateway)
}

export function isOfIstio(controller: string | undefined): boolean {
  return istioControllers.includes(controller ?? '')
}

export function isProgrammed({ status }: KubernetesGateway): boolean {
  return findCondition(status.conditions, 'Programmed')?.status === 'True'
}

/** Throws UserError if Istio does not serve the Gateway. Prints a note if it serves it, but not in full. */
export function checkAccepted(
  title: string,
  gateway: KubernetesGateway,
  controller?: string,
): void {
  const { gatewayClassName: name } = gateway.spec
  if (!isOfIstio(controller)) {
    throw new UserError(
      `${title} has the GatewayClass ${name}, which ${controller === undefined ? 'does not exist' : `belongs to ${controller}`}. Only a gateway of Istio proves who it is to the frontend's policy`,
      "Use a Gateway of Istio's class, for example `istio`.",
    )
  }
  const { conditions } = gateway.status
  const accepted = findCondition(conditions, 'Accepted')
  if (accepted?.status === 'False') {
    throw new UserError(
      `${title} is not accepted. Its status says ${describeCondition(accepted)}`,
      'Correct the Gateway first.',
    )
  }
  if (isProgrammed(gateway)) return
  // For example, the address of a load balancer is pending. The gateway may work all the same.
  const programmed = findCondition(conditions, 'Programmed')
  say(
    `  note  ${title} is not programmed: ${programmed === undefined ? 'it has no status yet' : describeCondition(programmed)}`,
  )
}

/** Reads how the listeners serve an HTTPRoute of our namespace, which has the labels `own`. */
export function readListeners(gateway: Resource, own: Record<string, string>): Door[] {
  const { spec, status } = parseKubernetesGateway(gateway)
  const mode = spec.tls?.frontend?.default?.validation?.mode
  return spec.listeners.map((listener) => {
    const { name, port, hostname } = listener
    const conditions = status.listeners.find((each) => each.name === name)?.conditions ?? []
    const refusal = explainRefusal(listener, conditions, gateway.metadata.namespace, own)
    const isTls = listener.protocol === 'HTTPS'
    return {
      title: `listener "${name}" (${listener.protocol} ${port})`,
      ...{ section: name, port, isTls },
      needsClientCertificate: isTls && mode !== undefined && mode !== 'AllowInsecureFallback',
      hosts: [hostname || '*'],
      ...(refusal !== undefined && { refusal }),
    }
  })
}

export function findCondition(conditions: readonly Condition[], type: string) {
  return conditions.find((each) => each.type === type)
}

/** In the controller's own words. */
export function describeCondition({ type, status, reason, message }: Condition): string {
  return `${type}=${status}, ${reason}: ${message}`
}

function explainRefusal(
  { protocol, tls, allowedRoutes }: Listener,
  conditions: readonly Condition[],
  where: string | undefined,
  own: Record<string, string>,
): string | undefined {
  if (protocol !== 'HTTP' && protocol !== 'HTTPS') return `protocol ${protocol} has no HTTP routes`
  if (protocol === 'HTTPS' && tls?.mode === 'Passthrough') {
    return 'TLS mode Passthrough does not decrypt, so no path can be checked'
  }
  const { namespaces = { from: 'Same' }, kinds = [] } = allowedRoutes ?? {}
  if (!admitsNamespace(namespaces, where, own)) {
    const labels =
      namespaces.selector === undefined ? '' : ` ${JSON.stringify(namespaces.selector)}`
    return `allowedRoutes.namespaces is ${namespaces.from}${labels}, which does not admit the namespace ${namespace}`
  }
  const admitsKind = kinds.some(
    (each) => each.kind === 'HTTPRoute' && each.group === gatewayApiGroup,
  )
  if (kinds.length > 0 && !admitsKind) {
    return `allowedRoutes.kinds is ${kinds.map(({ kind }) => kind).join(', ')}, without HTTPRoute`
  }
  const failed = ['Accepted', 'ResolvedRefs', 'Programmed']
    .map((type) => findCondition(conditions, type))
    .find((each) => each?.status === 'False')
  return failed === undefined ? undefined : `its status says ${describeCondition(failed)}`
}

function admitsNamespace(
  { from, selector }: { from: string; selector?: LabelSelector | undefined },
  where: string | undefined,
  own: Record<string, string>,
): boolean {
  if (from === 'All') return true
  if (from === 'Same') return where === namespace
  return from === 'Selector' && selector !== undefined && selectsLabels(selector, own)
}
