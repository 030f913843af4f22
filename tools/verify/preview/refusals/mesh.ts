// Istio's resources that decide who may call: their fields, and that istiod fetches nothing for a change.
import type { Finding, Path } from '../../../analyze/finding.ts'
import type { Resource } from '../../../kube/resources.ts'
import { allowOnly, type Check, type Context, isAsDeployed, listAt, refuse } from './context.ts'

const spec = ['spec'] as const
const actions = ['ALLOW', 'DENY', 'AUDIT']

export const checkPolicy: Check = (resource, context) => {
  const action = Object(resource.spec).action ?? 'ALLOW'
  return [
    ...allowOnly(resource, spec, ['selector', 'action', 'rules'], context),
    ...(actions.includes(action)
      ? []
      : [refuse(resource, [...spec, 'action'], `has the action ${action}, which asks others`)]),
  ]
}

export const checkPeers: Check = (resource, context) =>
  allowOnly(resource, spec, ['selector', 'mtls', 'portLevelMtls'], context)

export const checkTokens: Check = (resource, context) => [
  ...allowOnly(resource, spec, ['selector', 'jwtRules'], context),
  ...listAt(resource, [...spec, 'jwtRules']).flatMap((rule, index) =>
    checkTokenRule(resource, Object(rule), [...spec, 'jwtRules', index], context),
  ),
]

/** Without keys in the rule, istiod asks the issuer for them. */
function checkTokenRule(
  resource: Resource,
  { jwks, jwksUri }: Record<string, unknown>,
  path: Path,
  context: Context,
): Finding[] {
  if (typeof jwks === 'string' && jwks !== '' && jwksUri === undefined) return []
  if (isAsDeployed(resource, [...path, 'jwksUri'], context)) {
    if (jwksUri !== undefined && isAsDeployed(resource, [...path, 'issuer'], context)) return []
  }
  return [refuse(resource, path, 'lets istiod fetch token keys from an address of the change')]
}

export const checkSidecar: Check = (resource, context) =>
  allowOnly(
    resource,
    spec,
    ['workloadSelector', 'ingress', 'egress', 'outboundTrafficPolicy'],
    context,
  )

export const checkNetworkPolicy: Check = (resource, context) =>
  allowOnly(resource, spec, ['podSelector', 'policyTypes', 'ingress', 'egress'], context)
