// Notes RequestAuthentications of others that meet the caller token. Istio checks all rules of a Pod together. Rules for the
// tokens of the application's users are welcome: docs/production.md.
import { z } from 'zod'
import { say } from '../../cli/terminal.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import { describeResource, type Resource, resourceSchema } from '../../kube/resources.ts'
import { acceptsCallerToken, readsCallerToken, tokenRule } from '../../kube/token-rules.ts'
import type { ClusterFindings } from '../render/cluster-values.ts'

const labels = z.record(z.string(), z.string()).default({})
const policies = z.object({
  items: z.array(
    resourceSchema.extend({
      spec: z
        .looseObject({
          selector: z.looseObject({ matchLabels: labels }).default({ matchLabels: {} }),
          targetRef: z.unknown().optional(),
          targetRefs: z.array(z.unknown()).default([]),
          jwtRules: z.array(tokenRule).default([]),
        })
        .prefault({}),
    }),
  ),
})
export type TokenPolicy = z.infer<typeof policies>['items'][number]
const deployment = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({ metadata: z.looseObject({ labels }) }),
  }),
})

type Ours = {
  resources: readonly Resource[]
  former: readonly Resource[]
  /** The issuer of caller tokens. */
  issuer: string
}

/** Prints a note for each one in our namespace and in istiod's that is not ours. */
export async function noteOtherTokenRules(
  resources: readonly Resource[],
  former: readonly Resource[],
  { injector, tokens }: Pick<ClusterFindings, 'injector' | 'tokens'>,
): Promise<void> {
  for (const where of new Set([namespace, injector.namespace])) {
    const found = await listTokenPolicies(where)
    const notes = describeOthers(found, { resources, former, issuer: tokens.issuer })
    for (const note of notes) say(`  note  ${note}`)
  }
}

/** Describes those of `found` that select our Pods, are not ours, and meet the caller token. */
export function describeOthers(
  found: readonly TokenPolicy[],
  { resources, former, issuer }: Ours,
): string[] {
  const names = [...resources, ...former].map(describeOrigin)
  const pods = resources
    .filter(({ kind }) => kind === 'Deployment')
    .map((each) => deployment.parse(each).spec.template.metadata.labels)
  return found
    .filter((each) => !names.includes(describeOrigin(each)))
    .filter(({ spec }) => spec.targetRef === undefined && spec.targetRefs.length === 0)
    .filter(({ spec }) =>
      pods.some((pod) =>
        Object.entries(spec.selector.matchLabels).every(([key, value]) => pod[key] === value),
      ),
    )
    .flatMap((each) => {
      const problem = describeProblem(each, issuer)
      return problem === undefined ? [] : [`${describeOrigin(each)} ${problem}`]
    })
}

function describeProblem({ spec }: TokenPolicy, issuer: string): string | undefined {
  if (spec.jwtRules.some(readsCallerToken)) {
    return 'reads Caller-Token, the header of the caller token. Choose another header: docs/production.md'
  }
  if (spec.jwtRules.some((rule) => acceptsCallerToken(rule, [issuer]))) {
    return 'takes caller tokens from another place, where a client may have a token of its own, which gets 401. If an earlier version left it, delete it. Otherwise set its audiences: docs/production.md'
  }
  return undefined
}

function describeOrigin(resource: Pick<Resource, 'kind' | 'apiVersion' | 'metadata'>): string {
  return `${describeResource(resource)} in ${resource.metadata.namespace}`
}

async function listTokenPolicies(where: string): Promise<TokenPolicy[]> {
  try {
    const args = ['get', 'requestauthentications.security.istio.io', '-n', where, '-o', 'json']
    return (await kubectlJson(policies, args)).items
  } catch {
    say(
      `  note  cannot read the RequestAuthentications in ${where}, so whether one of them meets the caller token is unknown`,
    )
    return []
  }
}
