// What in the manifests of an application, besides its Pods, collides with what the signer needs.
import { z } from 'zod'
import { listLeadingServices, type Manifest } from '../../kube/application/manifests.ts'
import type { ApplicationPod } from '../../kube/application/pod.ts'
import type { SigningConfig } from '../../kube/application/schema.ts'
import { keySecret, signerLabel, writtenNamespace } from '../../kube/names.ts'
import { describeResource } from '../../kube/resources.ts'
import type { Problem } from './problem.ts'

/** The resources of this project, whatever the application is. */
const own = new Set([
  `Secret/${keySecret}`,
  'ConfigMap/envoy-admin-allowlist',
  'ServiceEntry/signer-in-pod',
  'DestinationRule/signer-in-pod',
  'Sidecar/signer',
])
const ownPolicy =
  /^(AuthorizationPolicy|PeerAuthentication|RequestAuthentication|NetworkPolicy)\/signer-/

const podOwner = z.looseObject({
  template: z.looseObject({
    spec: z.looseObject({ serviceAccountName: z.string().default('default') }),
  }),
})

export function checkManifests(
  config: SigningConfig,
  deployment: Manifest,
  pod: ApplicationPod,
  manifests: readonly Manifest[],
): Problem[] {
  return [
    ...checkService(config, deployment, pod, manifests),
    ...manifests.flatMap((each) => checkResource(config, deployment, pod, each)),
  ]
}

function checkService(
  config: SigningConfig,
  deployment: Manifest,
  pod: ApplicationPod,
  manifests: readonly Manifest[],
): Problem[] {
  const leading = listLeadingServices(config, pod, manifests).map(({ name }) => name)
  if (config.service === undefined || leading.includes(config.service)) return []
  const manifest = manifests.find(
    ({ resource }) => describeResource(resource) === `Service/${config.service}`,
  )
  const names = leading.length === 0 ? '' : ` Or set \`service\` to one of ${leading.join(', ')}`
  return [
    {
      manifest: manifest ?? deployment,
      field: manifest === undefined ? 'service' : 'spec',
      what:
        manifest === undefined
          ? `the resources have no Service ${config.service}`
          : `it does not lead to port ${config.port} of the container ${config.container}`,
      todo:
        manifest === undefined ? `Add it.${names}` : `Correct its selector and targetPort.${names}`,
    },
  ]
}

function checkResource(
  config: SigningConfig,
  deployment: Manifest,
  pod: ApplicationPod,
  manifest: Manifest,
): Problem[] {
  const { resource } = manifest
  const { kind, metadata } = resource
  const problem = (field: string, what: string, todo: string): Problem => ({
    ...{ manifest, field, what, todo },
  })
  const name = describeResource(resource)
  const found: Problem[] = []
  if (own.has(name) || ownPolicy.test(name)) {
    found.push(problem('metadata.name', 'the signer has a resource of this name', 'Rename it'))
  }
  if (kind === 'Namespace' && metadata.name === config.namespace && !config.sharedNamespace) {
    found.push(
      problem(
        'metadata.name',
        'make deploy creates this namespace',
        'Remove it from the resources. Or set `sharedNamespace: true`, and create it yourself',
      ),
    )
  }
  const isElsewhere = metadata.namespace !== undefined && metadata.namespace !== config.namespace
  if (isElsewhere && (manifest === deployment || metadata.namespace === writtenNamespace)) {
    found.push(
      problem(
        'metadata.namespace',
        `it is ${metadata.namespace}, but \`namespace\` is ${config.namespace}`,
        'Correct one of them',
      ),
    )
  }
  if (manifest === deployment) return found
  if (metadata.labels?.[signerLabel] !== undefined) {
    found.push(
      problem(
        `metadata.labels.${signerLabel}`,
        `only ${config.deployment} gets a signer`,
        'Remove the label. A second application needs its own namespace and signing.yaml',
      ),
    )
  }
  const other = podOwner.safeParse(resource.spec)
  const account = pod.spec.serviceAccountName
  if (other.success && !isElsewhere && other.data.template.spec.serviceAccountName === account) {
    found.push(
      problem(
        'spec.template.spec.serviceAccountName',
        `it is the ServiceAccount of ${config.deployment}, so policies cannot tell the two apart`,
        'Give it another ServiceAccount',
      ),
    )
  }
  return found
}
