// A deployment on an API server without controllers and nodes, for attempts on it.
import {
  namespace as ours,
  protectedLabel,
  serviceAccount,
  writtenNamespace,
} from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import type { Api } from './api-server/api.ts'
import type { AdmissionTarget } from './cases/case.ts'
import { everyViolation } from './cases/workload-cases.ts'
import { canChange, changeResource } from './change-resource.ts'
import { asPod, makePod } from './pods.ts'
import { withoutStatus } from './policies.ts'
import { asWorkload, keptKinds, nameOlder, nameWorkload, olderKinds } from './workloads.ts'

const keylessPod = 'keyless'

/** Another team's namespace. */
export const besides = (namespace: string) => `${namespace}-beside`

/**
 * Creates the namespace `to` with the ServiceAccounts, Deployments and ConfigMaps in `resources`, a Pod of each Deployment and
 * one without the key. Policies must not be in effect yet. Returns a target for each Deployment, those with a signer first.
 */
export async function createPlace(
  api: Api,
  resources: readonly Resource[],
  to = ours,
): Promise<AdmissionTarget[]> {
  const inside = (kind: string) => resources.filter((each) => each.kind === kind)
  const deployments = listProtected(resources)
  const move = (each: Resource) => inNamespace(withoutStatus(each), to)
  // Of Pods that an attacker makes.
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount } }
  await labelNamespace(api, [], to)
  const otherNamespace = besides(to)
  await api.apply(home(otherNamespace))
  await api.apply(inNamespace(account, otherNamespace))
  for (const each of [account, ...inside('ServiceAccount'), ...deployments].map(move)) {
    await api.apply(each)
  }
  const shared = { api, namespace: to, otherNamespace, configMaps: inside('ConfigMap'), keylessPod }
  const targets = deployments.map(({ metadata: { name } }) => ({
    ...{ ...shared, deployment: name, pod: `${name}-pod` },
    template: asPod(resources, 'admission-test', name),
  }))
  const [first] = targets
  for (const each of first === undefined ? [] : listWorkloads(first.template).map(move)) {
    await api.create(each)
  }
  const pods = targets.map(({ pod, template }) => {
    const { annotations } = template.metadata
    // As if Istio had injected its proxy.
    const injected = { ...annotations, 'sidecar.istio.io/status': '{}' }
    return { ...template, metadata: { ...template.metadata, name: pod, annotations: injected } }
  })
  for (const pod of [...pods, makePod({}, keylessPod)].map(move)) {
    const spec = { ...Object(pod.spec), nodeName: 'nowhere' }
    await api.create({ ...pod, spec })
  }
  await labelNamespace(api, resources, to)
  return targets
}

/** Returns a workload of each kind with the Pod, and some that all policies would refuse. */
function listWorkloads(pod: Resource): Resource[] {
  const named = (from: Resource, name: string) => ({
    ...from,
    metadata: { ...from.metadata, name },
  })
  const older = everyViolation
    .filter((change) => canChange(pod, [change]))
    .reduce(changeResource, pod)
  return [
    ...keptKinds.map((kind) => asWorkload(kind, named(pod, nameWorkload(kind)))),
    ...olderKinds.map((kind) => asWorkload(kind, named(older, nameOlder(kind)))),
  ]
}

export function isHome({ kind, metadata: { name } }: Resource): boolean {
  return kind === 'Namespace' && [ours, writtenNamespace].includes(name)
}

/** Gives the namespace `to` the labels, and only those, of the application's in `resources`. */
export async function labelNamespace(
  api: Api,
  resources: readonly Resource[],
  to = ours,
): Promise<void> {
  const found = resources.find(isHome)
  const { 'kubernetes.io/metadata.name': _, ...labels } = found?.metadata.labels ?? {}
  await api.apply(home(to, labels))
}

function home(name: string, labels = {}): Resource {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
}

function inNamespace(resource: Resource, namespace: string): Resource {
  return { ...resource, metadata: { ...resource.metadata, namespace } }
}

/** Returns the Deployments of our Pods, those with a signer first. */
export function listProtected(resources: readonly Resource[]): Resource[] {
  const found = resources.filter(
    ({ kind, spec }) =>
      kind === 'Deployment' && Object(spec).template?.metadata?.labels?.[protectedLabel] === 'true',
  )
  const hasSigner = ({ spec }: Resource) =>
    Object(spec).template.spec.containers.some(({ name }: { name: string }) => name === 'signer')
  return [...found.filter(hasSigner), ...found.filter((each) => !hasSigner(each))]
}
