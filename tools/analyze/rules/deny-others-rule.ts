// The DENY policy at the signer. It limits what an ALLOW policy of somebody else can open.
import { z } from 'zod'
import type { Resource } from '../../kube/resources.ts'
import { type Finding, readAt } from '../finding.ts'
import { type Application, listAccounts } from '../model/application.ts'
import { findPodNamespace, isOfPodNamespace, listInScope, selects } from '../model/namespace.ts'
import { findSigningResource } from '../model/pod.ts'
import type { Rule } from '../rule.ts'

export const denyOthers = 'signer-deny-others'
const signerPort = '8081'
/** The paths that another policy may open, because they hold no secret. */
const openPaths = ['/readyz', '/metrics']
const names = z.array(z.string())
const denySpec = z.object({
  action: z.string().default('ALLOW'),
  selector: z.object({ matchLabels: z.record(z.string(), z.string()).default({}) }).optional(),
  rules: z
    .array(
      z.looseObject({
        from: z.array(z.object({ source: z.record(z.string(), names) })).default([]),
        to: z.array(z.object({ operation: z.record(z.string(), names) })).default([]),
        when: z.unknown().optional(),
      }),
    )
    .default([]),
})
type DenyRule = z.infer<typeof denySpec>['rules'][number]

export const denyOthersRule: Rule = {
  name: 'deny-others',
  title: 'a DENY refuses every other identity at the signer, and every request without its token',
  find: (resources, application) => {
    const signer = findSigningResource(resources)
    const found = listInScope(resources, 'AuthorizationPolicy')
      .filter((each) => isOfPodNamespace(each, resources) && each.metadata.name === denyOthers)
      .map((resource) => ({ resource, ...readAt(denySpec, resource) }))
      .filter(({ action, selector }) => {
        return action === 'DENY' && signer !== undefined && selects(selector?.matchLabels, signer)
      })
    if (found.length === 0) {
      return [
        {
          group: 'security.istio.io',
          path: [],
          message: `no AuthorizationPolicy ${denyOthers} selects the signer, so an ALLOW of somebody else opens it: add it from mesh/`,
        },
      ]
    }
    return found.flatMap(({ resource, rules }) =>
      checkRules(resource, rules, resources, application),
    )
  },
}

function checkRules(
  resource: Resource,
  rules: readonly DenyRule[],
  resources: readonly Resource[],
  application: Application,
): Finding[] {
  const own = `/ns/${findPodNamespace(resources)}/sa/${listAccounts(resources, application).frontend}`
  const isOwn = (value: string) => !value.includes('*') && value.endsWith(own)
  const refuses = (field: string, isRight: (value: string) => boolean) =>
    rules.some((rule) => {
      const [only, ...others] = rule.from
      const values = only?.source[field] ?? []
      const isAlone = others.length === 0 && Object.keys(only?.source ?? {}).join() === field
      return isAlone && values.length > 0 && values.every(isRight) && coversSigner(rule)
    })
  const at = (message: string) => ({ resource, path: ['spec', 'rules'], message })
  return [
    ...(refuses('notPrincipals', isOwn)
      ? []
      : [at(`${denyOthers} does not refuse every identity but …${own}: restore it from mesh/`)]),
    ...(refuses('notRequestPrincipals', (value) => !value.includes('*'))
      ? []
      : [at(`${denyOthers} does not refuse requests without the caller token: restore it`)]),
  ]
}

/** True if the rule is for every request at the port of the signer, but those to the open paths. */
function coversSigner({ to, when }: DenyRule): boolean {
  return (
    when === undefined &&
    to.some(
      ({ operation: { ports = [], notPaths = [], ...others } }) =>
        ports.includes(signerPort) &&
        notPaths.every((path) => openPaths.includes(path)) &&
        Object.keys(others).length === 0,
    )
  )
}
