// The Pods that connect to those of a lane, and to which these connect. Programs of this machine run in their networks, so their
// containers need no program.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { atPace } from '../../../../tools/cli/pace.ts'
import { application } from '../../../../tools/kube/application.ts'
import { kubectl, kubectlJson } from '../../../../tools/kube/kubectl.ts'
import { sharesPod } from '../../../../tools/kube/layouts.ts'
import { listOf } from '../../../../tools/kube/resources.ts'
import type { Container } from '../../../../tools/verify/attack/containers.ts'
import { findSandboxOf } from '../../../../tools/verify/faults/support/node.ts'
import { composeIdlePod } from '../../idle-pod.ts'
import type { LaneNames } from './cluster-facts.ts'
import type { Place } from './connections.ts'
import type { Lane } from './lane.ts'
import { composeProgram, type LineProgram, startLineProgram } from './line-program.ts'

/** A Pod with a program in its network. */
export type Peer = {
  name: string
  address: string
  /** Returns which of the places accept a connection from there. */
  tryAll: (places: readonly Place[]) => Promise<boolean[]>
}

export type Peers = {
  /** Of the deployment. */
  own: readonly Peer[]
  /** Of the same namespace. No policy of ours selects it. */
  neighbor: Peer
  /** All that are not of the deployment, the neighbor too. They accept connections at `listening`. */
  others: readonly Peer[]
  istiod: Peer
  dns: Peer
}

/** What accepts connections in the network of a Pod that is no part of the deployment. */
export const listening = [53, 8081, 15012] as const
/** The same for istiod and DNS, which listen at the others themselves. */
export const unused = 8081

/** For one connection. A Pod on the same node answers at once. Each refusal after the sixth one within seconds takes all of it. */
const CONNECT_MS = 1_000
const READY_MS = 120_000
/** The packet filter of a Pod in the mesh leaves the traffic of this user alone. */
const proxyUser = 1337

const podSchema = z.object({
  metadata: z.object({ name: z.string(), uid: z.string() }),
  spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }),
  status: z.object({ podIP: z.string() }),
})
type Pod = z.infer<typeof podSchema>
type Program = LineProgram<readonly Place[], boolean[]>
type Started = { name: string; at: Container; labels: Readonly<Record<string, string>> }

const scraping = {
  'secure-signing.dev/scrapes': 'scrapes',
  'secure-signing/scrapes': 'scrapes-as-before',
}
const namespaceOf = ({ namespace }: LaneNames, suffix: string) => `${namespace}-${suffix}`

function listStarted(names: LaneNames): Started[] {
  const start = (name: string, namespace: string, suffix: string, labels = {}): Started => ({
    ...{ name, labels, at: { namespace, pod: `${names.run}-${suffix}`, container: 'idle' } },
  })
  const gateway = { istio: names.gateway }
  const all = { ...gateway, app: 'istiod', 'k8s-app': 'kube-dns' }
  const labelled = 'with the labels of gateway, istiod and DNS'
  return [
    start('Pod of our namespace', names.namespace, 'neighbor'),
    start(`Pod of our namespace ${labelled}`, names.namespace, 'neighbor-labelled', all),
    start('Pod of another namespace', names.other, 'other'),
    start(`Pod of another namespace ${labelled}`, names.other, 'other-labelled', all),
    start('gateway', names.edge, 'gateway', gateway),
    start('Pod beside the gateway', names.edge, 'beside-gateway'),
    ...Object.entries(scraping).map(([label, suffix]) =>
      start(`Pod of a namespace with ${label}`, namespaceOf(names, suffix), suffix),
    ),
    start('Pod beside istiod', 'istio-system', 'beside-istiod'),
    start('Pod beside DNS', 'kube-system', 'beside-dns'),
  ]
}

/** Starts the Pods, and a program in the network of each. */
export async function startPeers(lane: Lane): Promise<Peers & AsyncDisposable> {
  const { names } = lane
  const started = listStarted(names)
  const ours = await findOurs(lane)
  const starting: Promise<Program>[] = []
  const open = async (name: string, pod: Pod, prepare: string): Promise<Peer> => {
    const program = startProgram(name, pod, prepare)
    starting.push(program)
    const { ask } = await program
    // Its answer comes once it listens.
    await ask([])
    return { name, address: pod.status.podIP, tryAll: ask }
  }
  const dispose = async () => {
    for (const program of await Promise.allSettled(starting)) {
      if (program.status === 'fulfilled') program.value.stop()
    }
    await removePods(started)
  }
  try {
    await removePods(started)
    await applyPods(names, started, findImage(ours))
    const pods = await Promise.all(
      started.map(async ({ name, at }) => ({ name, pod: await waitForPod(at) })),
    )
    const istiod = await findPod('istio-system', 'app=istiod')
    const dns = await findPod('kube-system', 'k8s-app=kube-dns')
    const [others, own] = await Promise.all([
      Promise.all(pods.map(({ name, pod }) => open(name, pod, listen(listening)))),
      Promise.all(ours.map(({ name, pod }) => open(name, pod, asProxy))),
    ])
    return {
      ...{ own, others, neighbor: demand(others[0], 'Pod of our namespace') },
      istiod: await open('istiod', istiod, listen([unused])),
      dns: await open('DNS', dns, listen([unused])),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

const listen = (ports: readonly number[]) => `await listenAt(${JSON.stringify(ports)})`
const asProxy = `process.setgroups([]); process.setgid(${proxyUser}); process.setuid(${proxyUser})`

/** `prepare`: what the program does first. */
async function startProgram(name: string, { metadata }: Pod, prepare: string): Promise<Program> {
  const source = await readFile(join(import.meta.dirname, 'connections.ts'), 'utf8')
  const answer = `(places) => tryAll(places, ${atPace(CONNECT_MS)})`
  const network = `--net=/proc/${await findSandboxOf(metadata.uid)}/ns/net`
  const node = composeProgram(`${source}\n${prepare}`, answer)
  return startLineProgram(name, 'nsenter', [network, process.execPath, ...node])
}

/** The Pods of the deployment. */
async function findOurs({ names, layout }: Lane): Promise<{ name: string; pod: Pod }[]> {
  const [hasOne, wanted] = [sharesPod(layout), [application.container, 'signer']]
  return (await listPods(names.namespace)).flatMap((pod) => {
    const all = pod.spec.containers.map(({ name }) => name)
    const of = wanted.find((each) => all.includes(each))
    return of === undefined ? [] : [{ pod, name: hasOne ? 'our Pod' : `Pod of the ${of}` }]
  })
}

/** The signer's image has Node. */
function findImage(ours: readonly { pod: Pod }[]): string {
  const containers = ours.flatMap(({ pod }) => pod.spec.containers)
  const signer = containers.find(({ name }) => name === 'signer')
  return demand(signer, 'Pod with a signer').image
}

async function waitForPod({ namespace, pod }: Container): Promise<Pod> {
  const ready = ['--for=condition=Ready', `--timeout=${READY_MS}ms`]
  await kubectl(['wait', `pod/${pod}`, '-n', namespace, ...ready], { timeoutMs: READY_MS })
  const found = await listPods(namespace)
  return demand(
    found.find(({ metadata }) => metadata.name === pod),
    `Pod ${namespace}/${pod}`,
  )
}

async function findPod(namespace: string, label: string): Promise<Pod> {
  const [found] = await listPods(namespace, ['-l', label])
  return demand(found, `Pod with ${label} in ${namespace}`)
}

function demand<T>(found: T | undefined, name: string): T {
  if (found === undefined) throw new Error(`there is no ${name}`)
  return found
}

function listPods(namespace: string, args: readonly string[] = []): Promise<Pod[]> {
  const running = ['--field-selector=status.phase=Running', '-o', 'json']
  return kubectlJson(listOf(podSchema), ['get', 'pods', '-n', namespace, ...running, ...args])
}

async function removePods(started: readonly Started[]): Promise<void> {
  const byNamespace = Map.groupBy(started, ({ at }) => at.namespace)
  const now = ['--grace-period=0', '--ignore-not-found']
  await Promise.all(
    [...byNamespace].map(([namespace, all]) =>
      kubectl(['delete', 'pod', ...all.map(({ at }) => at.pod), '-n', namespace, ...now]),
    ),
  )
}

async function applyPods(names: LaneNames, started: readonly Started[], image: string) {
  const namespace = (name: string, labels = {}) => ({
    ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
  })
  const items = [
    ...[names.other, names.edge].map((name) => namespace(name)),
    ...Object.entries(scraping).map(([label, suffix]) =>
      namespace(namespaceOf(names, suffix), { [label]: 'true' }),
    ),
    ...started.map(({ at, labels }) => composeIdlePod(at, image, labels)),
  ]
  const list = { apiVersion: 'v1', kind: 'List', items }
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(list) })
}
