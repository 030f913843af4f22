// The resources of the frontend without a signer: those of the deployment, in a namespace of their own. What the deployment has for
// the signer is left out: volumes, token check, and the listener on loopback.
import { z } from 'zod'
import { namespace } from '../../../kube/names.ts'
import { type Resource, resourceSchema } from '../../../kube/resources.ts'

export const UNSIGNED_NAMESPACE = `${namespace}-bench`
/** The ingress gateway routes by this name. Our own route takes every other one. */
export const UNSIGNED_HOST = 'unsigned.bench.example'

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

/** What is copied, as kubectl names it. */
export const copied = [
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
] as const

/** Returns the namespace and the copies of `deployed`, with `image` in place of the frontend's. */
export function makeUnsigned(deployed: readonly unknown[], image: string): Resource[] {
  const home = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: UNSIGNED_NAMESPACE } }
  return [home, ...deployed.map((each) => copy(resourceSchema.parse(each), image))]
}

function copy({ apiVersion, kind, metadata, ...content }: Resource, image: string): Resource {
  const { name, labels, annotations } = metadata
  const { status: _, ...rest } = content
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace: UNSIGNED_NAMESPACE,
      ...(labels && { labels }),
      // A Service has to say which namespaces see it.
      ...(kind === 'Service' && annotations && { annotations }),
    },
    ...rest,
    ...(rest.spec !== undefined && { spec: adapt(kind, rest.spec, image) }),
  }
}

function adapt(kind: string, spec: unknown, image: string): unknown {
  switch (kind) {
    case 'Deployment':
      return adaptDeployment(deploymentSpec.parse(spec), image)
    case 'Service':
      return serviceSpec.parse(spec)
    case 'Sidecar':
      return adaptSidecar(sidecarSpec.parse(spec))
    case 'VirtualService':
      return adaptRoute(routeSpec.parse(spec))
    default:
      return spec
  }
}

function adaptDeployment(spec: z.infer<typeof deploymentSpec>, image: string) {
  const { metadata, spec: pod } = spec.template
  const { [SOCKET_ANNOTATION]: _, ...annotations } = metadata.annotations
  const { hostname: __, volumes: ___, ...rest } = pod
  const containers = pod.containers
    .filter(({ name }) => name === 'frontend')
    .map(({ volumeMounts: ____, ...each }) => ({ ...each, image }))
  // It has no requests to finish when it is removed.
  const shared = { ...rest, containers, terminationGracePeriodSeconds: 1 }
  return { ...spec, template: { metadata: { ...metadata, annotations }, spec: shared } }
}

function adaptSidecar(spec: z.infer<typeof sidecarSpec>) {
  return {
    ...spec,
    ingress: spec.ingress.filter(({ defaultEndpoint }) => !defaultEndpoint.startsWith('unix:')),
    egress: spec.egress.filter(({ bind }) => bind === undefined),
  }
}

function adaptRoute(spec: z.infer<typeof routeSpec>) {
  const gateways = spec.gateways.map((each) => (each.includes('/') ? each : `${namespace}/${each}`))
  return { ...spec, gateways, hosts: [UNSIGNED_HOST] }
}
