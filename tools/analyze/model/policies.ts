// AuthorizationPolicies as the rules read them: each combination that a policy allows, with its path in the resource.
import { z } from 'zod'
import type { Resource } from '../../kube/resources.ts'
import { type Path, readAt } from '../finding.ts'
import { listInScope, selectsPod } from './namespace.ts'

/** The policy that limits what an ALLOW of somebody else can open. */
export const denyOthers = 'signer-deny-others'
/** What the ingress gateway may call. */
export const gatewayPolicy = 'signer-allow-gateway'

const names = z.array(z.string()).default([])
const source = z.object({ principals: names, requestPrincipals: names })
const operation = z.object({ ports: names, notPorts: names, methods: names, paths: names })
const condition = z.object({ key: z.string(), values: names })
const policySpec = z
  .object({
    action: z.string().default('ALLOW'),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()).default({}) }).optional(),
    targetRef: z.unknown().optional(),
    targetRefs: z.array(z.unknown()).default([]),
    rules: z
      .array(
        z.object({
          from: z.array(z.object({ source })).default([]),
          to: z.array(z.object({ operation })).default([]),
          when: z.array(condition).default([]),
        }),
      )
      .default([]),
  })
  .default({ action: 'ALLOW', targetRefs: [], rules: [] })

export type Field = { values: string[]; path: Path }

/** One combination that a policy allows: all fields must match. A field without values matches everything. */
export type Alternative = Record<
  'principals' | 'requestPrincipals' | 'ports' | 'methods' | 'paths' | 'audiences',
  Field
> & { notPorts: readonly string[] }

export type Policy = {
  resource: Resource
  name: string
  action: string
  selector: Record<string, string>
  /** True if the policy is for a gateway or a waypoint, and not for Pods. */
  isForGateway: boolean
  alternatives: Alternative[]
}

const noSource = { source: { principals: [], requestPrincipals: [] } }
const noOperation = { operation: { ports: [], notPorts: [], methods: [], paths: [] } }

/** A policy without ports applies to every port that it does not leave out. */
export function isForPort({ ports, notPorts }: Alternative, port: number): boolean {
  const text = String(port)
  return ports.values.length === 0 ? !notPorts.includes(text) : ports.values.includes(text)
}

/** Reads the AuthorizationPolicies of our Pods. Each entry of `from` with each entry of `to` is one alternative. */
export function readPolicies(resources: readonly Resource[]): Policy[] {
  const found = listInScope(resources, 'AuthorizationPolicy').map((resource) => {
    const { action, selector, rules, targetRef, targetRefs } = readAt(policySpec, resource)
    return {
      resource,
      name: resource.metadata.name,
      action,
      selector: selector?.matchLabels ?? {},
      isForGateway: targetRef !== undefined || targetRefs.length > 0,
      alternatives: rules.flatMap(({ from, to, when }, rule) => {
        const at = (...rest: Path) => ['spec', 'rules', rule, ...rest]
        const audiences = {
          values: when
            .filter(({ key }) => key === 'request.auth.audiences')
            .flatMap(({ values }) => values),
          path: at('when'),
        }
        const limited = when
          .filter(({ key }) => key === 'destination.port')
          .flatMap(({ values }) => values)
        return (from.length > 0 ? from : [noSource]).flatMap(({ source: who }, i) =>
          (to.length > 0 ? to : [noOperation]).map(({ operation: what }, j) => ({
            principals: { values: who.principals, path: at('from', i, 'source', 'principals') },
            requestPrincipals: {
              values: who.requestPrincipals,
              path: at('from', i, 'source', 'requestPrincipals'),
            },
            notPorts: what.notPorts,
            ports: {
              values: what.ports.length > 0 ? what.ports : limited,
              path: at('to', j, 'operation', 'ports'),
            },
            methods: { values: what.methods, path: at('to', j, 'operation', 'methods') },
            paths: { values: what.paths, path: at('to', j, 'operation', 'paths') },
            audiences,
          })),
        )
      }),
    }
  })
  return found.filter(({ selector }) => selectsPod(selector, resources))
}
