// What `make deploy` renders, with each component that brings an admission policy or changes one.
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { noMesh, separatePods } from '../../../tools/kube/layouts.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { renderSample } from '../api-server/sample.ts'

const render = async (...sample: Parameters<typeof renderSample>) =>
  (await renderSample(...sample)).resources

export const renderings: Readonly<Record<string, () => Promise<Resource[]>>> = {
  default: () => render(),
  'separate-pods': () => render([], separatePods),
  'no-mesh': () => render([], noMesh),
  linkerd: async () =>
    parseResources(await kubectl(['kustomize', join(CHECKOUT, 'k8s/overlays/linkerd')])),
  vault: () => render(['vault']),
  'external-secrets-aws': () => render(['external-secrets-aws']),
  seccomp: () => render(['seccomp']),
  'seccomp selinux': () => render(['seccomp', 'selinux'], separatePods),
  'shared namespace': () => render(['pods-stay-restricted', 'shared-namespace']),
}

const exact =
  /^(ValidatingAdmissionPolicy(Binding)?\/|ConfigMap\/(envoy-admin-allowlist|vault-agent)$)/

/** The resources that have to be exactly what this version ships. */
export function listExact(resources: readonly Resource[]): Resource[] {
  return resources.filter(({ kind, metadata }) => exact.test(`${kind}/${metadata.name}`))
}
