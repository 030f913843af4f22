// Checks the manifests of an application, and writes the kustomization that attaches the signer to them.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parse, stringify } from 'yaml'
import { CHECKOUT } from '../../cli/checkout.ts'
import { listLeadingServices, type Manifest } from '../../kube/application/manifests.ts'
import { findOwnRoutes, hasOwnDestinationRule } from '../../kube/application/own-routes.ts'
import { type ApplicationPod, findDeployment } from '../../kube/application/pod.ts'
import type { Application } from '../../kube/application.ts'
import type { Layout } from '../../kube/layouts.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'
import { composeApplicationValues } from '../render/application-values.ts'
import type { RenderedApplication } from '../render/render.ts'
import { composeAttachPatch, wayOf } from './attach-patch.ts'
import { checkManifests } from './check-manifests.ts'
import { checkPod } from './check-pod.ts'
import { addOtherListeners } from './other-listeners.ts'
import { mergeSidecars } from './own-sidecar.ts'
import { refuseProblems } from './problem.ts'
import { mergeProxyConfig, proxyConfigAnnotation } from './proxy-config.ts'

const proxyPatch = 'k8s/components/signer/istio/proxy-patch.yaml'
const ourFolder = 'k8s/frontend'

/**
 * `components`: the optional ones. Writes to `folder` unless the application is ours, whose patch is in
 * k8s/frontend. Throws UserError with everything that does not fit.
 */
export async function renderApplication(
  application: Application,
  { folder, layout, components }: { folder: string; layout: Layout; components: readonly string[] },
): Promise<RenderedApplication> {
  const { place, deployment, service, sharedNamespace } = application
  const manifests = application.readManifests()
  const { manifest, pod } = findDeployment(place, deployment, manifests)
  const [way, isInMesh] = [wayOf(layout), layout.isMeshed]
  refuseProblems([
    ...checkPod(manifest, { config: application, pod, isInMesh }),
    ...checkManifests(application, manifest, pod, manifests),
  ])
  const sidecars = isInMesh
    ? mergeSidecars(application, pod.metadata.labels, manifests)
    : { merged: [], egress: [], operations: [], listed: [] }
  const listeners = isInMesh ? addOtherListeners(pod, manifests, sidecars.listed) : []
  const proxyConfig = isInMesh
    ? mergeProxyConfig(manifest, pod, await readOurProxyConfig())
    : undefined
  const routes = findOwnRoutes(manifests, service)
  const leading = listLeadingServices(application, pod, manifests)
  const servicePort = leading.find(({ name }) => name === service)?.port ?? application.port
  const egress = [...new Set([...application.egress, ...sidecars.egress])]
  const values = composeApplicationValues(
    { ...application, egress },
    servicePort,
    components.includes('vault'),
  )
  const common = {
    values: { ...values, ...(proxyConfig !== undefined && { proxyConfig }) },
    sharedNamespace,
    notes: listNotes(application, pod, manifests, routes, sidecars.merged),
    hasOwnRoutes: routes.length > 0,
    hasOwnDestinationRule: hasOwnDestinationRule(manifests, service),
    sidecarOperations: [...sidecars.operations, ...listeners],
    replaced: sidecars.merged.map(({ resource }) => withNamespace(resource, application.namespace)),
  }
  if (application.isOurs) {
    return { ...common, resources: [ourFolder], components: [`${ourFolder}/${way}`] }
  }
  await mkdir(folder, { recursive: true })
  const replicas = chooseReplicas(Object(manifest.resource.spec).replicas, components)
  const patch = composeAttachPatch(application, pod, way, replicas)
  const kustomization = composeKustomization(application, patch, folder, sidecars.merged)
  await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization))
  return { ...common, resources: [relative(CHECKOUT, folder)], components: [] }
}

function composeKustomization(
  { namespace, deployment, resources, images }: Application,
  patch: object,
  folder: string,
  merged: readonly Manifest[],
) {
  return {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: resources.map((path) => relative(folder, path)),
    images: Object.entries(images).map(([name, image]) => ({ name, ...image })),
    patches: [
      {
        target: { kind: 'Deployment', name: deployment },
        patch: stringify(patch, { aliasDuplicateObjects: false }),
      },
      ...merged.map(({ resource: { apiVersion, kind, metadata } }) => ({
        target: { kind, name: metadata.name },
        patch: stringify({
          ...{ apiVersion, kind, metadata: { name: metadata.name }, $patch: 'delete' },
        }),
      })),
    ],
    transformers: [
      stringify({
        ...{ apiVersion: 'builtin', kind: 'NamespaceTransformer' },
        metadata: { name: 'application', namespace },
        unsetOnly: true,
      }),
    ],
  }
}

/** The components that set the number of Pods expect one. Without them, nothing is set, for an autoscaler of the application. */
function chooseReplicas(own: unknown, components: readonly string[]): number | undefined {
  if (components.includes('high-availability')) return 1
  if (components.includes('autoscaling')) return typeof own === 'number' ? own : 1
  return undefined
}

/** Lists what make deploy changes for the application, where it may not expect it. */
function listNotes(
  { apiToken, service, namespace }: Application,
  { spec }: ApplicationPod,
  manifests: readonly Manifest[],
  routes: readonly Manifest[],
  merged: readonly Manifest[],
): string[] {
  const account = spec.serviceAccountName
  const isBound = manifests.some(
    ({ resource: { kind, subjects } }) =>
      /^(Cluster)?RoleBinding$/.test(kind) &&
      Array.isArray(subjects) &&
      subjects.some((each) => Object(each).name === account),
  )
  const lacksToken =
    apiToken.length === 0 && (spec.automountServiceAccountToken === true || isBound)
  const seconds = spec.terminationGracePeriodSeconds
  return [
    ...(lacksToken
      ? ['no container gets a token for the Kubernetes API. Name those that call it in `apiToken`']
      : []),
    ...(seconds < 30
      ? [`terminationGracePeriodSeconds is ${seconds}. The last requests need 30`]
      : []),
    ...routes.map(
      ({ resource }) =>
        `${describeResource(resource)} leads to Service ${service}, so no other route is added`,
    ),
    ...merged.map(
      ({ resource }) =>
        `${describeResource(resource)} is merged into Sidecar/signer, and removed from namespace ${namespace}`,
    ),
  ]
}

async function readOurProxyConfig(): Promise<string> {
  const patch = parse(await readFile(join(CHECKOUT, proxyPatch), 'utf8'))
  return patch.spec.template.metadata.annotations[proxyConfigAnnotation]
}

function withNamespace(resource: Resource, namespace: string): Resource {
  return { ...resource, metadata: { ...resource.metadata, namespace } }
}
