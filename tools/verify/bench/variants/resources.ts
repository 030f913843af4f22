// The resources of a variant of the frontend: those of the deployment, in a namespace of their own. Without a signer, what the
// deployment has for it is left out: volumes, token check, and the listener on loopback.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { auditKeyEntry } from '../../../deploy/keys/entries.ts'
import { keySecret, namespace } from '../../../kube/names.ts'
import { type Resource, resourceSchema } from '../../../kube/resources.ts'
import { makeWebhookKey } from './consumers.ts'
import type { Variant } from './variant.ts'

/** The mounts of the signer's socket. */
const SOCKET_ANNOTATION = 'sidecar.istio.io/userVolumeMount'

const container = z.looseObject({ name: z.string() })
const deploymentSpec = z.looseObject({
  replicas: z.number(),
  template: z.looseObject({
    metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).default({}) }),
    spec: z.looseObject({ containers: z.array(container) }),
  }),
})
const serviceSpec = z.object({
  selector: z.record(z.string(), z.string()),
  ports: z.array(z.looseObject({ nodePort: z.number().optional() })),
})
const sidecarSpec = z.looseObject({
  ingress: z.array(z.looseObject({ defaultEndpoint: z.string() })),
  egress: z.array(z.looseObject({ bind: z.string().optional() })),
})
const routeSpec = z.looseObject({ gateways: z.array(z.string()), hosts: z.array(z.string()) })

const ofFrontend = [
  'serviceaccount/secure-signing',
  'configmap/envoy-admin-allowlist',
  'service/frontend',
  'deployment/secure-signing',
  'peerauthentication/signer-require-mtls',
  'authorizationpolicy/signer-allow-nothing',
  'authorizationpolicy/signer-allow-gateway',
  'sidecar.networking.istio.io/signer',
  'destinationrule/frontend',
  'virtualservice/frontend',
]
const ofSigner = [
  'requestauthentication/signer-authenticate-caller',
  'authorizationpolicy/signer-allow-caller',
  'authorizationpolicy/signer-allow-probe',
  'authorizationpolicy/signer-deny-others',
  'serviceentry/signer-in-pod',
  'destinationrule/signer-in-pod',
]

/** What is copied, as kubectl names it. */
export function listCopied({ hasSigner }: Variant): string[] {
  return hasSigner ? [...ofFrontend, ...ofSigner] : ofFrontend
}

/** Returns the namespace, a Secret if there is a signer, and the copies of `deployed` with `image` in place of the frontend's. */
export function makeVariant(
  variant: Variant,
  deployed: readonly unknown[],
  image: string,
): Resource[] {
  const home = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: variant.namespace } }
  const copies = deployed.map((each) => copy(resourceSchema.parse(each), variant, image))
  const secrets = variant.hasSigner ? [makeSecret(variant)] : []
  // Policies name the ServiceAccount, as a mesh identity and as the subject of a token.
  const text = JSON.stringify([home, ...secrets, ...copies])
    .replaceAll(`/ns/${namespace}/`, `/ns/${variant.namespace}/`)
    .replaceAll(`:serviceaccount:${namespace}:`, `:serviceaccount:${variant.namespace}:`)
  return JSON.parse(text)
}

function makeSecret({ namespace: home }: Variant): Resource {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: keySecret, namespace: home },
    data: { [auditKeyEntry]: randomBytes(32).toString('base64') },
    stringData: { 'webhook-1': makeWebhookKey() },
  }
}

function copy(
  { apiVersion, kind, metadata, ...content }: Resource,
  variant: Variant,
  image: string,
): Resource {
  const { name, labels, annotations } = metadata
  const { status: _, ...rest } = content
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace: variant.namespace,
      ...(labels && { labels }),
      // A Service has to say which namespaces see it.
      ...(kind === 'Service' && annotations && { annotations }),
    },
    ...rest,
    ...(rest.spec !== undefined && { spec: adapt(kind, rest.spec, variant, image) }),
  }
}

function adapt(kind: string, spec: unknown, variant: Variant, image: string): unknown {
  switch (kind) {
    case 'Deployment':
      return adaptDeployment(deploymentSpec.parse(spec), variant, image)
    case 'Service':
      return serviceSpec.parse(spec)
    case 'Sidecar':
      return variant.hasSigner ? spec : adaptSidecar(sidecarSpec.parse(spec))
    case 'VirtualService':
      return adaptRoute(routeSpec.parse(spec), variant)
    default:
      return spec
  }
}

function adaptDeployment(
  spec: z.infer<typeof deploymentSpec>,
  { hasSigner }: Variant,
  image: string,
) {
  const { metadata, spec: pod } = spec.template
  const containers = pod.containers.map((each) =>
    each.name === 'frontend' ? { ...each, image } : each,
  )
  // It has no requests to finish when it is removed.
  const shared = { ...pod, containers, terminationGracePeriodSeconds: 1 }
  const whole = { metadata, spec: shared }
  return { ...spec, template: hasSigner ? whole : withoutSigner(whole) }
}

function withoutSigner({ metadata, spec }: z.infer<typeof deploymentSpec>['template']) {
  const { [SOCKET_ANNOTATION]: _, ...annotations } = metadata.annotations
  const { hostname: __, volumes: ___, ...rest } = spec
  const containers = spec.containers
    .filter(({ name }) => name === 'frontend')
    .map(({ volumeMounts: ____, ...each }) => each)
  return { metadata: { ...metadata, annotations }, spec: { ...rest, containers } }
}

function adaptSidecar(spec: z.infer<typeof sidecarSpec>) {
  return {
    ...spec,
    ingress: spec.ingress.filter(({ defaultEndpoint }) => !defaultEndpoint.startsWith('unix:')),
    egress: spec.egress.filter(({ bind }) => bind === undefined),
  }
}

function adaptRoute(spec: z.infer<typeof routeSpec>, { host }: Variant) {
  const gateways = spec.gateways.map((each) => (each.includes('/') ? each : `${namespace}/${each}`))
  return { ...spec, gateways, hosts: [host] }
}
