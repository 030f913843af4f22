// What the proxies of a lane have from istiod, and what its callers get. Both as of now.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Resource } from '../../../../tools/kube/resources.ts'
import type { Api } from '../../../../tools/verify/admission/api-server/api.ts'
import type { Container } from '../../../../tools/verify/attack/containers.ts'
import { carryOut } from './carry-out.ts'
import {
  type Callers,
  type CellChange,
  type Cells,
  compareCells,
  listUnanswered,
  measureCells,
  planCallers,
  warmUp,
} from './cells.ts'
import { mentionsAnotherLane } from './cluster-facts.ts'
import { compareConfigs, type Istiod, type ProxyConfig, unprinted } from './istiod.ts'
import type { MeshLane } from './lane.ts'
import type { Senders } from './senders.ts'

/** The configuration of each proxy of the lane, always in the same order. */
export type Configs = readonly ProxyConfig[]

export type LaneWatch = {
  /** Waits until istiod has seen every change so far, and returns what the proxies get. */
  readConfigs: () => Promise<Configs>
  /** Names the parts that differ, e.g. "listener virtualInbound of secure-signing-1". */
  listChanges: (before: Configs, after: Configs) => string[]
  /** Waits until the proxies use their configuration. Returns the one that does not accept it, or undefined. */
  waitForSync: () => Promise<string | undefined>
  measure: () => Promise<Cells>
  /** Measures, and compares with `cells`. */
  measureChanges: (cells: Cells) => Promise<CellChange[]>
}

type Tools = { api: Api; istiod: Istiod; senders: Senders }

const POLL_MS = 80
/** istiod waits 100 ms for further changes before it sends one. */
const PUSH_MS = 350
const MARKER_MS = 60_000
/** For what nobody can see. */
const UNSEEN_MS = 1_500
/** How often a cell that differs is asked again. */
const REPEATS = 2
/** Of the ten minutes for which the tokens are good. */
const TOKENS_MS = 7 * 60_000

export function watchLane({ api, istiod, senders }: Tools, lane: MeshLane): LaneWatch {
  const isForeign = new RegExp(
    `${mentionsAnotherLane(lane.names).source}|${marker}|_${markerPort}$`,
  )
  const proxies = listProxies(lane)
  let callers: { planned: Callers; at: number } | undefined
  let marks = 0

  async function plan(): Promise<Callers> {
    if (callers === undefined || Date.now() - callers.at > TOKENS_MS) {
      callers = { planned: await planCallers(lane), at: Date.now() }
    }
    return callers.planned
  }

  /** istiod sees changes in their order. What it sends about the last one, it sends after those before. */
  async function waitForIstiod(): Promise<void> {
    marks += 1
    const host = `${marker}-${marks}.internal`
    await carryOut(api, { applied: [composeMarker(lane, host)], deleted: [] })
    const proxy = { ...lane.pods.otherNamespacePod, container: 'istio-proxy' }
    const deadline = Date.now() + MARKER_MS
    for (;;) {
      const config = await istiod.read(proxy, /^$/)
      if ([...config.keys()].some((name) => name.includes(host))) return
      if (config.has(unprinted)) return sleep(UNSEEN_MS)
      if (Date.now() > deadline) throw new Error('istiod does not see a change')
      await sleep(POLL_MS)
    }
  }

  async function readConfigs(): Promise<Configs> {
    await waitForIstiod()
    return Promise.all(proxies.map((each) => istiod.read(each, isForeign)))
  }

  /** An open connection may have the policies of before, and ends with the next answer. So cells that differ are asked again. */
  async function measureChanges(cells: Cells): Promise<CellChange[]> {
    const planned = await plan()
    await warmUp(planned, senders)
    let changes = compareCells(cells, await measureCells(planned, senders))
    for (let again = 0; again < REPEATS && changes.length > 0; again++) {
      await sleep(PUSH_MS)
      const names = new Set(changes.map(({ name }) => name))
      changes = compareCells(cells, await measureCells(planned, senders, names))
    }
    return changes
  }

  return {
    readConfigs,
    listChanges: (before, after) =>
      proxies.flatMap(({ pod }, index) =>
        compareConfigs(before[index] as ProxyConfig, after[index] as ProxyConfig).map(
          (part) => `${part} of ${pod}`,
        ),
      ),
    waitForSync: () => istiod.waitForSync(proxies),
    measure: async () => {
      const planned = await plan()
      await warmUp(planned, senders)
      let cells = await measureCells(planned, senders)
      for (let again = 0; again < REPEATS && listUnanswered(cells).size > 0; again++) {
        await sleep(PUSH_MS)
        const more = await measureCells(planned, senders, listUnanswered(cells))
        cells = new Map([...cells, ...more])
      }
      return cells
    },
    measureChanges,
  }
}

/** The proxies that a change could concern. */
function listProxies({ target, pods, gateway }: MeshLane): Container[] {
  const { signerAccountPod, otherAccountPod, sameAccountPod, otherNamespacePod } = pods
  const hasOwn = target.signers.some(({ pod }) => pod !== target.frontend.pod)
  const all = [
    ...[target.frontend, ...target.signers, gateway],
    ...[otherAccountPod, sameAccountPod, otherNamespacePod],
    ...(hasOwn ? [signerAccountPod] : []),
  ].map((each) => [each.pod, { ...each, container: 'istio-proxy' }] as const)
  return [...new Map(all).values()]
}

const marker = 'mutation-marker'
/** Nothing else has a listener there. */
const markerPort = 59_999

/** A host that only the attacker of the other namespace gets. */
function composeMarker({ names }: MeshLane, host: string): Resource {
  return {
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry' },
    metadata: { name: marker, namespace: names.other },
    spec: {
      ...{ hosts: [host], exportTo: ['.'], location: 'MESH_EXTERNAL', resolution: 'STATIC' },
      ports: [{ number: markerPort, name: 'tcp-marker', protocol: 'TCP' }],
      endpoints: [{ address: '192.0.2.9' }],
    },
  }
}
