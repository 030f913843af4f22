// Shows what Istio says about our HTTPRoute, in its own words. A VirtualService has no such status.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { atPace } from '../../cli/pace.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { readResource } from '../../kube/gateway/find-gateway.ts'
import {
  type Condition,
  conditionList,
  describeCondition,
  gatewayApiGroup,
  isOfIstio,
} from '../../kube/gateway/kubernetes-gateway.ts'
import type { PublicRoute } from '../../kube/gateway/public-route.ts'
import { namespace, service } from '../../kube/names.ts'

/** Milliseconds until istiod writes it. Usually it takes less than one second. */
const deadlineMs = 15_000
const pollMs = 500

const routeSchema = z.looseObject({
  metadata: z.looseObject({ generation: z.number().default(0) }),
  status: z
    .looseObject({
      parents: z
        .array(
          z.looseObject({
            controllerName: z.string().default(''),
            parentRef: z.looseObject({ sectionName: z.string().default('') }),
            conditions: conditionList,
          }),
        )
        .default([]),
    })
    .default({ parents: [] }),
})

/** Throws UserError if the route is not accepted. */
export async function showRouteStatus(route: PublicRoute): Promise<void> {
  if (route.kind !== 'gateway-api') return
  const deadline = performance.now() + atPace(deadlineMs)
  for (;;) {
    const conditions = await readConditions()
    const failed = conditions.filter(({ status }) => status !== 'True')
    if (conditions.length > 0 && failed.length === 0) {
      say(`  ok    HTTPRoute ${service}: ${conditions.map(describeCondition).join('; ')}`)
      return
    }
    if (performance.now() >= deadline) {
      throw new UserError(
        `HTTPRoute ${service} does not serve: ${failed.map(describeCondition).join('; ') || 'Istio wrote no status'}`,
        `Read \`kubectl describe gateways.${gatewayApiGroup} ${route.gateway.name} -n ${route.gateway.namespace}\`. Then run \`make deploy\` again.`,
      )
    }
    await sleep(pollMs)
  }
}

/** Reads the conditions that every parent of Istio must have, for the present generation. */
async function readConditions(): Promise<Condition[]> {
  const resource = await readResource(`httproutes.${gatewayApiGroup}`, service, namespace)
  if (resource === undefined) return []
  const { metadata, status } = routeSchema.parse(resource)
  const all = status.parents
    .filter(({ controllerName }) => isOfIstio(controllerName))
    .flatMap(({ conditions }) => conditions)
    .filter(({ type }) => type === 'Accepted' || type === 'ResolvedRefs')
  const isCurrent = all.every(
    ({ observedGeneration }) => observedGeneration === metadata.generation,
  )
  return isCurrent ? all : []
}
