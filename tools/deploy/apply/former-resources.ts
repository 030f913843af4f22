// Replaces what the versions before named or selected differently, without a lost request. Until the Pods of that version are
// gone, its resources stay beside the new ones: they select its Pods, the VirtualService belongs to both Gateways, so istiod may
// see the changes in any order, and the proxies verify the caller token in both headers.
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { deleteResources } from '../../kube/deletion/delete-resources.ts'
import { applyResource } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import { formatResources, parseResources, type Resource } from '../../kube/resources.ts'
import type { Rendering } from '../render/render.ts'
import { readApplied } from './orphaned-resources.ts'

const list = (apiVersion: string, kind: string, names: readonly string[]): Resource[] =>
  names.map((name) => ({ apiVersion, kind, metadata: { name, namespace } }))
const formerResources: readonly Resource[] = [
  ...list('networking.istio.io/v1', 'Gateway', ['world']),
  ...list('networking.istio.io/v1', 'Sidecar', ['secure-signing']),
  ...list('security.istio.io/v1', 'PeerAuthentication', ['require-mtls', 'require-mtls-of-pods']),
  ...list('security.istio.io/v1', 'RequestAuthentication', [
    ...['verify-caller-token', 'authenticate-caller'],
  ]),
  ...list('security.istio.io/v1', 'AuthorizationPolicy', [
    ...['allow-nothing', 'allow-ingress-to-frontend', 'allow-frontend-to-sign'],
    ...['allow-probe-to-signer', 'allow-pod-to-read-signer-metrics'],
  ]),
]
/** Those of the component network-policy. Without it, they are reported as orphaned, like those of every component. */
const formerNetworkPolicies = list('networking.k8s.io/v1', 'NetworkPolicy', [
  ...['deny-all', 'allow-dns', 'allow-gateway-to-frontend', 'allow-proxy-to-istiod'],
  ...['allow-frontend-to-signer', 'allow-signer-from-frontend', 'allow-scraping'],
])
const virtualServiceSpec = z.looseObject({ gateways: z.array(z.string()) })
const policySpec = z.looseObject({
  variables: z.array(z.looseObject({ name: z.string(), expression: z.string() })),
})
/** By these values of the label `app`, the policies of the versions before select their Pods. */
const hasFormerLabel = "variables.labels[?'app'].orValue('') in ['secure-signing', 'signer']"
const hasNewLabel = "'secure-signing.dev/protected' in variables.labels"

/**
 * Finds the former resources, or those that `resources` replace. Leaves out those that do not exist, or that `make deploy` did
 * not apply.
 */
export function findFormerResources(resources?: readonly Resource[]): Promise<Resource[]> {
  const hasNetworkPolicies = resources?.some(({ kind }) => kind === 'NetworkPolicy') ?? true
  return readApplied([...formerResources, ...(hasNetworkPolicies ? formerNetworkPolicies : [])])
}

/**
 * Returns `rendering` as it must be beside `former`. It is a new file in the same folder. The VirtualServices belong to the former
 * Gateways too. Admission lets the former ReplicaSet create Pods, which the former policies select.
 */
export async function bindToFormer(
  rendering: Rendering,
  former: readonly Resource[],
): Promise<Rendering> {
  if (former.length === 0) return rendering
  const gateways = former
    .filter(({ kind }) => kind === 'Gateway')
    .map(({ metadata }) => metadata.name)
  const resources = parseResources(rendering.yaml).map((each) => {
    if (each.kind === 'VirtualService') return bindToGateways(each, gateways)
    return isLabelPolicy(each) ? acceptFormerLabel(each) : each
  })
  const path = join(dirname(rendering.path), 'transition.yaml')
  const yaml = formatResources(resources)
  await writeFile(path, yaml)
  return { path, yaml }
}

/** Applies what bindToFormer changed, as it is in `rendering`, and deletes `former`. */
export async function removeFormerResources(
  rendering: Rendering,
  former: readonly Resource[],
): Promise<void> {
  for (const resource of parseResources(rendering.yaml)) {
    if (resource.kind === 'VirtualService' || isLabelPolicy(resource)) await applyResource(resource)
  }
  await deleteResources(former, { again: 'make deploy' })
}

function bindToGateways(resource: Resource, names: readonly string[]): Resource {
  const spec = virtualServiceSpec.parse(resource.spec)
  return { ...resource, spec: { ...spec, gateways: [...spec.gateways, ...names] } }
}

function isLabelPolicy({ kind, metadata }: Resource): boolean {
  return kind === 'ValidatingAdmissionPolicy' && metadata.name.endsWith('-no-way-around-proxy')
}

function acceptFormerLabel(resource: Resource): Resource {
  const spec = policySpec.parse(resource.spec)
  const variables = spec.variables.map((each) => {
    if (each.name !== 'selectingLabels') return each
    const expression = `${hasFormerLabel} && !(${hasNewLabel}) ? dyn({}) : dyn(${each.expression})`
    return { ...each, expression }
  })
  return { ...resource, spec: { ...spec, variables } }
}
