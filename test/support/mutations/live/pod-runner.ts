// Runs changes of a Deployment. Its Pod starts in a lane, beside the unchanged one. Then the kernel tells what each container may
// do, and the application's container tries what must not work.
import { z } from 'zod'
import { application } from '../../../../tools/kube/application.ts'
import { type Resource, resourceSchema } from '../../../../tools/kube/resources.ts'
import type { Api } from '../../../../tools/verify/admission/api-server/api.ts'
import type { Container } from '../../../../tools/verify/attack/containers.ts'
import { describeTarget, type Target } from '../../../../tools/verify/attack/target.ts'
import { findNodeInit } from '../../../../tools/verify/faults/support/node.ts'
import type { Verdict } from '../judge.ts'
import { carryOut, findRefusal, tryApply } from './carry-out.ts'
import { type Difference, invert } from './difference.ts'
import type { Gate } from './gate.ts'
import { compareWorking, listWorking } from './in-pod.ts'
import { compareConfigs, type Istiod, type ProxyConfig } from './istiod.ts'
import type { Lane } from './lane.ts'
import { addNativeCode } from './native-code.ts'
import { removePod, type StartedPod, startPod } from './pod-start.ts'
import { listLooser, type Posture, readPosture } from './posture.ts'
import { podWithRoom } from './room.ts'
import type { Senders } from './senders.ts'
import { shortenLine } from './shorten-line.ts'

export type PodTools = {
  api: Api
  /** With a mesh. */
  istiod?: Istiod
  /** Where requests come from that are not in the mesh. */
  outside?: { from: Container; gatewayIP: string; senders: Senders }
  /** With a mesh: other lanes change what is for all of them. */
  gate?: Gate
  /** The compiled attempts of native code, for Pods with a seccomp profile of ours. */
  attempts?: string | undefined
}

const deployment = z.looseObject({
  spec: z.looseObject({
    replicas: z.number().default(1),
    template: z.looseObject({
      metadata: z.looseObject({}).default({}),
      spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string() })) }),
    }),
  }),
})

/** What a Pod shows. */
type Seen = {
  posture: Posture
  config: ProxyConfig | undefined
  working: ReadonlySet<string>
  seconds: number
}
type Baseline = Seen & { admitted: string }

/** So many times as long as the unchanged Pod, and these milliseconds. */
const TIMES = 3
const EXTRA_MS = 15_000
const FIRST_MS = 180_000
const nothing = (evidence: string): Verdict => ({ class: 'nothing', evidence })
const breaks = (evidence: string): Verdict => ({ class: 'breaks', evidence: shortenLine(evidence) })

export type PodRunner = {
  /** `changed`: the Deployment. */
  run: (changed: Resource) => Promise<Verdict>
  /** Runs a change of what the Pod needs, for example a ConfigMap. `isRead`: whether the Pod can see the change. */
  runBeside: (change: Difference, isRead: boolean) => Promise<Verdict>
}

/** `unchanged`: the Deployment whose changes are run, as the lane has it. */
export async function createPodRunner(
  { api, istiod, outside, gate, attempts }: PodTools,
  lane: Lane,
  unchanged: Resource,
): Promise<PodRunner> {
  const { namespace } = lane.names
  const init = await findNodeInit()
  let count = 0
  const baseline = await takeBaseline()

  async function runBeside(change: Difference, isRead: boolean): Promise<Verdict> {
    const refusal = await findRefusal(api, change)
    if (refusal !== undefined) return breaks(`the API server refuses it: ${refusal}`)
    if (!isRead) return nothing('the API server accepts it, and no Pod reads it')
    try {
      await carryOut(api, change)
      return await start(unchanged)
    } finally {
      await carryOut(api, invert(lane.resources, change))
    }
  }

  const run = (changed: Resource) => start(changed, true)

  /** `mayBeSame`: a Pod that the API server admits as before does not start again. */
  async function start(changed: Resource, mayBeSame = false): Promise<Verdict> {
    const applied = await tryApply(api, changed)
    if (applied.status >= 400) return breaks(`the API server refuses it: ${applied.said}`)
    const result = resourceSchema.parse(JSON.parse(applied.said))
    if (deployment.parse(result).spec.replicas === 0) return breaks('no Pod is left')
    const pod = toPod(result)
    const admission = await api.tryCreate(pod)
    if (admission.status >= 400) return breaks(`the Pod is refused: ${admission.said}`)
    if (mayBeSame && normalize(admission.said, pod) === baseline.admitted) {
      return nothing('the API server admits the same Pod')
    }
    const found = await see(pod, baseline.seconds * 1_000 * TIMES + EXTRA_MS)
    return typeof found === 'string' ? breaks(`the Pod does not start: ${found}`) : judge(found)
  }

  function judge(found: Seen): Verdict {
    const worked = compareWorking(baseline.working, found.working)
    const [first, ...others] = worked.opened
    const more = (rest: readonly unknown[]) =>
      rest.length === 0 ? '' : `, and ${rest.length} more`
    if (first !== undefined) {
      return { class: 'opens', evidence: `${first}: it did not before${more(others)}` }
    }
    const [looser, ...looserToo] = listLooser(baseline.posture, found.posture)
    if (looser !== undefined) {
      return { class: 'weakens', evidence: `${looser}${more(looserToo)}` }
    }
    const [lost] = worked.lost
    if (lost !== undefined) return breaks(`no longer ${lost}`)
    const parts =
      baseline.config && found.config ? compareConfigs(baseline.config, found.config) : []
    const [part, ...partsToo] = parts
    return part === undefined
      ? nothing('the Pod starts, and can do the same')
      : nothing(`the Pod starts, and can do the same, with another ${part}${more(partsToo)}`)
  }

  async function takeBaseline(): Promise<Baseline> {
    const applied = await tryApply(api, unchanged)
    const pod = toPod(resourceSchema.parse(JSON.parse(applied.said)))
    const admission = await api.tryCreate(pod)
    const seen = await see(pod, FIRST_MS)
    if (typeof seen === 'string') throw new Error(`the unchanged Pod does not start: ${seen}`)
    return { ...seen, admitted: normalize(admission.said, pod) }
  }

  /** Starts the Pod, and removes it when everything is seen. Returns why it does not start. */
  function see(pod: Resource, waitMs: number): Promise<Seen | string> {
    const work = () => startAndLook(pod, waitMs)
    return gate === undefined ? work() : gate.together(work)
  }

  async function startAndLook(pod: Resource, waitMs: number): Promise<Seen | string> {
    try {
      const started = await startPod(api, podWithRoom(pod), waitMs)
      if (typeof started === 'string') return started
      const target = await findApplication(started)
      const [posture, config, working] = await Promise.all([
        readAll(started),
        readConfig(started),
        target === undefined ? new Set<string>() : listWorking(lane, target, outside),
      ])
      return { posture, config, working, seconds: started.seconds }
    } finally {
      await removePod(api, namespace, pod.metadata.name)
    }
  }

  async function readAll({ pod, containers }: StartedPod): Promise<Posture> {
    const posture = await readPosture(pod.metadata.uid, containers, init)
    const ours = containers.filter(({ name }) => [application.container, 'signer'].includes(name))
    return attempts === undefined ? posture : addNativeCode(posture, ours, attempts)
  }

  /** Returns undefined for a Pod without the application's container. */
  async function findApplication({ pod }: StartedPod): Promise<Target | undefined> {
    const isThere = pod.spec.containers.some(({ name }) => name === application.container)
    return isThere ? describeTarget(lane.layout, pod, pod) : undefined
  }

  async function readConfig({ pod, containers }: StartedPod): Promise<ProxyConfig | undefined> {
    if (istiod === undefined || !containers.some(({ name }) => name === 'istio-proxy')) {
      return undefined
    }
    const { name } = pod.metadata
    const config = await istiod.read({ namespace, pod: name, container: 'istio-proxy' }, /^$/)
    const same = (value: string) =>
      value.replaceAll(name, 'POD').replaceAll(pod.status.podIP, 'ADDRESS')
    return new Map([...config].map(([part, value]) => [same(part), same(value)]))
  }

  function toPod(result: Resource): Resource {
    count += 1
    const { metadata, spec } = deployment.parse(result).spec.template
    return {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { ...metadata, name: `mutated-${count}`, namespace },
      spec,
    }
  }

  return { run, runBeside }
}

/** What the API server makes of a Pod, without its name and what is new each time. */
function normalize(said: string, { metadata: { name } }: Resource): string {
  const { metadata, spec } = resourceSchema.parse(JSON.parse(said))
  const { labels, annotations } = metadata
  return JSON.stringify({ labels, annotations, spec })
    .replaceAll(name, 'POD')
    .replaceAll(/kube-api-access-\w{5}/g, 'kube-api-access')
}
