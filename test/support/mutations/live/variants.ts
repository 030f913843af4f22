// The deployment with other controls taken away. A change that shows only here takes a control away that others stand behind.
import type { Resource } from '../../../../tools/kube/resources.ts'

export type Variant = {
  name: string
  change: (resources: readonly Resource[], namespace: string) => Resource[]
}

const isNamed = (kind: string, name: string) => (each: Resource) =>
  each.kind === kind && each.metadata.name === name
const without = (kind: string, name: string) => (resources: readonly Resource[]) =>
  resources.filter((each) => !isNamed(kind, name)(each))
const change = (kind: string, spec: object) => (resources: readonly Resource[]) =>
  resources.map((each) =>
    each.kind === kind ? { ...each, spec: { ...Object(each.spec), ...spec } } : each,
  )

const withoutDenials = without('AuthorizationPolicy', 'signer-deny-others')
const withoutTokens = without('RequestAuthentication', 'signer-authenticate-caller')
const inPlainText = change('PeerAuthentication', { mtls: { mode: 'PERMISSIVE' } })

/** The route leads to every path of the application. */
function withOpenRoute(resources: readonly Resource[]): Resource[] {
  return resources.map((each) => {
    if (each.kind !== 'VirtualService') return each
    const spec = Object(each.spec)
    const http = spec.http.map((route: object) => ({ ...route, match: [{ uri: { prefix: '/' } }] }))
    return { ...each, spec: { ...spec, http } }
  })
}

function withAllowAll(resources: readonly Resource[], namespace: string): Resource[] {
  return [
    ...resources,
    {
      ...{ apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy' },
      metadata: { name: 'mutation-allow-all', namespace },
      spec: { action: 'ALLOW', rules: [{}] },
    },
  ]
}

export const everyControl: Variant = {
  name: 'every control',
  change: (resources) => [...resources],
}

const allowPoliciesAlone: Variant = {
  name: 'without mTLS and signer-deny-others, with an open route',
  change: (resources) => withOpenRoute(inPlainText(withoutDenials(resources))),
}
const denialsAlone: Variant = {
  name: 'with an ALLOW policy for everything, without mTLS',
  change: (resources, namespace) => withAllowAll(withOpenRoute(inPlainText(resources)), namespace),
}
const mtlsAlone: Variant = {
  name: 'without policies and tokens',
  change: (resources, namespace) =>
    withAllowAll(withoutTokens(withoutDenials(resources)), namespace),
}
const tokensAlone: Variant = {
  name: 'without policies and mTLS',
  change: (resources, namespace) => withAllowAll(inPlainText(withoutDenials(resources)), namespace),
}

export const variants: readonly Variant[] = [
  allowPoliciesAlone,
  denialsAlone,
  mtlsAlone,
  tokensAlone,
]

/** The variant in which the control of a resource stands alone. */
export function variantOf({ kind, spec }: Resource): Variant {
  if (kind === 'PeerAuthentication' || kind === 'DestinationRule') return mtlsAlone
  if (kind !== 'AuthorizationPolicy') return tokensAlone
  return Object(spec).action === 'DENY' ? denialsAlone : allowPoliciesAlone
}
