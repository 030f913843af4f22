// A lane: a namespace of the local cluster with the whole deployment, a gateway of its own and attackers.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { application } from '../../../../tools/kube/application.ts'
import { kubectl, kubectlJson } from '../../../../tools/kube/kubectl.ts'
import { type Layout, listWorkloads, sharesPod } from '../../../../tools/kube/layouts.ts'
import { keySecret, namespace as original } from '../../../../tools/kube/names.ts'
import { listOf, type Resource, resourceSchema } from '../../../../tools/kube/resources.ts'
import { type Api, pathOfKind } from '../../../../tools/verify/admission/api-server/api.ts'
import {
  type AttackPods,
  bringUp,
  nameAttackPods,
} from '../../../../tools/verify/attack/attack-pods.ts'
import type { Container } from '../../../../tools/verify/attack/containers.ts'
import { describeTarget, podSchema, type Target } from '../../../../tools/verify/attack/target.ts'
import { carryOut } from './carry-out.ts'
import {
  type ClusterFacts,
  type LaneNames,
  laneNamespace,
  moveToLane,
  nameLane,
} from './cluster-facts.ts'
import { deploymentWithRoom } from './room.ts'

export type Lane = {
  names: LaneNames
  layout: Layout
  facts: ClusterFacts
  /** What is deployed, without a change. It has no kinds that the cluster does not serve. */
  resources: readonly Resource[]
}

/** A lane whose Pods run. */
export type MeshLane = Lane & {
  target: Target
  pods: AttackPods
  gateway: Container
  gatewayIP: string
}

const serviceSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ clusterIP: z.string() }),
})

const READY_MS = 120_000
const POLL_MS = 250
const gatewayPod = 'gateway'

/** Namespaces first, workloads last, so that nothing is refused because of what it needs. */
const rank = ({ kind }: Resource) =>
  kind === 'Namespace' ? 0 : kind === 'Deployment' || kind === 'DaemonSet' ? 2 : 1

/** Deploys the resources of a sample rendering to a lane. Its Pods may not run yet. */
export async function deployLane(
  api: Api,
  {
    layout,
    facts,
    sample,
    index,
  }: Pick<Lane, 'layout' | 'facts'> & { sample: readonly Resource[]; index: number },
): Promise<Lane> {
  const names = nameLane(index)
  const resources = sample.map((each) => moveToLane(each, names, facts))
  const ordered = resources.toSorted((one, other) => rank(one) - rank(other))
  const namespaces = ordered.filter(({ kind }) => kind === 'Namespace')
  await carryOut(api, { applied: namespaces, deleted: [] })
  const key = await readKey(names)
  const others = [key, ...ordered.filter(({ kind }) => kind !== 'Namespace')]
  const served = await withoutUnserved(api, others)
  await carryOut(api, { applied: served.map(deploymentWithRoom), deleted: [] })
  const all = [...namespaces, ...served]
  return { names, layout, facts, resources: await keepAddresses(all, names) }
}

/** A cluster without an operator lacks its kinds. */
async function withoutUnserved(api: Api, resources: readonly Resource[]): Promise<Resource[]> {
  const unserved = await listUnserved(api, resources)
  return resources.filter((each) => !unserved.includes(pathOfKind(each)))
}

/** Lists the paths of kinds that the cluster does not know. */
export async function listUnserved(api: Api, resources: readonly Resource[]): Promise<string[]> {
  const paths = [...new Set(resources.map(pathOfKind))]
  const found = await Promise.all(
    paths.map(async (path) => ({
      path,
      ...(await api.send({ method: 'GET', path: `${path}?limit=1` })),
    })),
  )
  return found.filter(({ status }) => status === 404).map(({ path }) => path)
}

/** A Service that is deleted and created again keeps its address. Otherwise every proxy's configuration would differ. */
async function keepAddresses(
  resources: readonly Resource[],
  { namespace }: LaneNames,
): Promise<Resource[]> {
  const args = ['get', 'services', '-n', namespace, '-o', 'json']
  const services = await kubectlJson(listOf(serviceSchema), args)
  const addresses = new Map(services.map(({ metadata, spec }) => [metadata.name, spec.clusterIP]))
  return resources.map((each) => {
    const clusterIP = addresses.get(each.metadata.name)
    if (each.kind !== 'Service' || clusterIP === undefined) return each
    return { ...each, spec: { ...Object(each.spec), clusterIP } }
  })
}

/** Deletes everything of all lanes, also of an interrupted run. `only`: of the lane with this namespace. */
export async function removeLanes(only = ''): Promise<void> {
  const kinds = 'namespaces,validatingadmissionpolicies,validatingadmissionpolicybindings'
  const all = await kubectlJson(listOf(resourceSchema), ['get', kinds, '-o', 'json'])
  const found = all
    .filter(({ metadata }) => {
      const name = metadata.name.replace(/^secure-/, '')
      return laneNamespace.test(name) && (only === '' || `${name}-`.startsWith(`${only}-`))
    })
    .map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`)
  if (found.length === 0) return
  // A policy may refuse to delete what it protects.
  const [namespaces = [], policies = []] = [
    found.filter((name) => name.startsWith('namespace/')),
    found.filter((name) => !name.startsWith('namespace/')),
  ]
  for (const names of [policies, namespaces].filter((each) => each.length > 0)) {
    await kubectl(['delete', ...names, '--ignore-not-found', '--wait'], { timeoutMs: READY_MS })
  }
}

/** Waits for the Pods of the lane, and starts its gateway and its attackers. */
export async function startMeshLane(lane: Lane): Promise<MeshLane> {
  const { names, layout } = lane
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(listGateway(names)) })
  await waitForRollout(lane)
  const target = await findTarget(lane)
  const pods = nameAttackPods(names.run, names.address, names.namespace)
  await bringUp(pods, target)
  const gateway = { namespace: names.edge, pod: gatewayPod, container: 'istio-proxy' }
  await kubectl(
    ['wait', `pod/${gatewayPod}`, '-n', names.edge, '--for=condition=Ready', '--timeout=120s'],
    { timeoutMs: READY_MS },
  )
  const [found] = await listPods(names.edge)
  return { ...lane, layout, target, pods, gateway, gatewayIP: found?.status.podIP ?? '' }
}

/** Waits until the Pods of the lane are ready. */
export async function waitForRollout({ names, layout }: Lane): Promise<void> {
  for (const name of listWorkloads(layout)) {
    await kubectl(
      ['rollout', 'status', `deployment/${name}`, '-n', names.namespace, '--timeout=120s'],
      { timeoutMs: READY_MS },
    )
  }
}

async function findTarget({ names, layout }: Lane): Promise<Target> {
  const deadline = Date.now() + READY_MS
  for (;;) {
    const pods = await listPods(names.namespace)
    const having = (name: string) =>
      pods.find(({ spec }) => spec.containers.some((each) => each.name === name))
    const [frontend, signer] = [having(application.container), having('signer')]
    if (frontend !== undefined && signer !== undefined) {
      return describeTarget(layout, frontend, sharesPod(layout) ? frontend : signer)
    }
    if (Date.now() > deadline) throw new Error(`${names.namespace} has no Pod with a signer`)
    await sleep(POLL_MS)
  }
}

function listPods(where: string) {
  const running = ['--field-selector=status.phase=Running', '-o', 'json']
  return kubectlJson(listOf(podSchema), ['get', 'pods', '-n', where, ...running])
}

/** The key of the original deployment, which is a test key. */
async function readKey({ namespace }: LaneNames): Promise<Resource> {
  const args = ['get', 'secret', keySecret, '-n', original, '-o', 'json']
  const { apiVersion, kind, data } = await kubectlJson(
    resourceSchema.extend({ data: z.record(z.string(), z.string()) }),
    args,
  )
  return { apiVersion, kind, metadata: { name: keySecret, namespace }, data }
}

/** A gateway as a Pod of Istio's template `gateway`. */
function listGateway({ edge, gateway }: LaneNames) {
  const account = 'edge-gateway'
  const metadata = (name: string) => ({ name, namespace: edge })
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: edge } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(account) },
      {
        ...{ apiVersion: 'v1', kind: 'Pod' },
        metadata: {
          ...metadata(gatewayPod),
          labels: { istio: gateway, 'sidecar.istio.io/inject': 'true', 'istio.io/rev': 'default' },
          annotations: { 'inject.istio.io/templates': 'gateway' },
        },
        spec: {
          serviceAccountName: account,
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'istio-proxy', image: 'auto', imagePullPolicy: 'IfNotPresent' }],
        },
      },
    ],
  }
}
