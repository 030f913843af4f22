// AuthorizationPolicies and Sidecar listeners as the promises look at them.
import { z } from 'zod'
import type { Resource } from '../../deploy/resources.ts'

const names = z.array(z.string()).default([])
const policySpec = z
  .object({
    action: z.string().default('ALLOW'),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }).optional(),
    rules: z
      .array(
        z.object({
          from: z
            .array(z.object({ source: z.object({ principals: names, requestPrincipals: names }) }))
            .default([]),
          to: z
            .array(
              z.object({ operation: z.object({ ports: names, methods: names, paths: names }) }),
            )
            .default([]),
          when: z.array(z.object({ key: z.string(), values: names })).default([]),
        }),
      )
      .default([]),
  })
  .default({ action: 'ALLOW', rules: [] })

/** One way to be allowed: all of it must hold. An empty list asks for nothing. */
export type Rule = {
  principals: string[]
  requestPrincipals: string[]
  ports: string[]
  methods: string[]
  paths: string[]
  audiences: string[]
}

export type Policy = {
  name: string
  action: string
  selector: Record<string, string>
  rules: Rule[]
}

/** Reads every AuthorizationPolicy, each rule multiplied out: entries of `from` and of `to` are alternatives. */
export function readPolicies(resources: readonly Resource[]): Policy[] {
  return resources
    .filter(({ kind }) => kind === 'AuthorizationPolicy')
    .map((resource) => {
      const { action, selector, rules } = policySpec.parse(resource.spec)
      return {
        name: resource.metadata.name,
        action,
        selector: selector?.matchLabels ?? {},
        rules: rules.flatMap(({ from, to, when }) => {
          const audiences = when
            .filter(({ key }) => key === 'request.auth.audiences')
            .flatMap(({ values }) => values)
          const sources =
            from.length > 0 ? from : [{ source: { principals: [], requestPrincipals: [] } }]
          const operations =
            to.length > 0 ? to : [{ operation: { ports: [], methods: [], paths: [] } }]
          return sources.flatMap(({ source }) =>
            operations.map(({ operation }) => ({ ...source, ...operation, audiences })),
          )
        }),
      }
    })
}

/** An ALLOW for the whole namespace that matches nothing. */
export function isDefaultDeny({ action, selector, rules }: Policy): boolean {
  return action === 'ALLOW' && Object.keys(selector).length === 0 && rules.length === 0
}

const sidecarSpec = z.object({
  ingress: z.array(z.object({ port: z.object({ number: z.number() }) })).default([]),
})

/** The ports that the Sidecars listen on for others, as policies write them. */
export function readSidecarPorts(resources: readonly Resource[]): string[] {
  return resources
    .filter(({ kind }) => kind === 'Sidecar')
    .flatMap(({ spec }) => sidecarSpec.parse(spec).ingress)
    .map(({ port }) => String(port.number))
}
