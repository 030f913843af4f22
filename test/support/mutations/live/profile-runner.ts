// Runs changes of what copies the seccomp profiles to the node: each time the node gets them anew. If they differ, a Pod starts
// under them, and native code in its containers tries what must not work.
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { kubectlJson } from '../../../../tools/kube/kubectl.ts'
import { listOf, type Resource } from '../../../../tools/kube/resources.ts'
import { KUBELET_SETTINGS } from '../../../../tools/local-cluster/paths.ts'
import type { Api } from '../../../../tools/verify/admission/api-server/api.ts'
import { findNodeInit } from '../../../../tools/verify/faults/support/node.ts'
import type { Verdict } from '../judge.ts'
import { carryOut, findRefusal, isStoredAsBefore } from './carry-out.ts'
import { type Difference, invert } from './difference.ts'
import type { Lane } from './lane.ts'
import type { PodRunner } from './pod-runner.ts'
import { removePod, type StartedPod, waitForPod } from './pod-start.ts'
import { listLooser, type Posture, readPosture } from './posture.ts'
import { shortenLine } from './shorten-line.ts'

export const profileNamespace = 'seccomp-profiles'

/** What the node got, and from what. */
type Installed = { posture: Posture; files: ReadonlyMap<string, string> }

const folder = join(KUBELET_SETTINGS, 'seccomp/secure-signing')
const POD_MS = 15_000
const FILES_MS = 5_000
const POLL_MS = 100
const podSchema = z.object({
  metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
})
const breaks = (evidence: string): Verdict => ({ class: 'breaks', evidence: shortenLine(evidence) })
const nothing = (evidence: string): Verdict => ({ class: 'nothing', evidence })

/** `runner`: of a Pod that has the profiles. */
export async function createProfileRunner(
  api: Api,
  lane: Lane,
  runner: PodRunner,
): Promise<(change: Difference) => Promise<Verdict>> {
  const init = await findNodeInit()
  const profiles = lane.resources.filter(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.namespace === profileNamespace,
  )
  const names = new Set(profiles.flatMap((each) => Object.keys(Object(each.data))))
  const baseline = await install()
  if (typeof baseline === 'string') throw new Error(`the node gets no profiles: ${baseline}`)
  const { posture, files } = baseline

  /** Has the node get its profiles from a new Pod. Returns why it does not. */
  async function install(): Promise<Installed | string> {
    for (const name of await listProfiles()) await rm(join(folder, name))
    const old = await listPods()
    for (const name of old) await removePod(api, profileNamespace, name)
    const started = await waitForNew(old)
    if (typeof started === 'string') return started
    const seen = await readPosture(started.pod.metadata.uid, started.containers, init)
    return { posture: seen, files: await waitForFiles() }
  }

  /** A Pod of the template before can come and go first. */
  async function waitForNew(old: readonly string[]): Promise<StartedPod | string> {
    const deadline = Date.now() + POD_MS
    let problem = 'there is no Pod'
    while (Date.now() < deadline) {
      await sleep(POLL_MS)
      const name = (await listPods()).find((each) => !old.includes(each))
      if (name === undefined) continue
      const started = await waitForPod(api, profileNamespace, name, deadline - Date.now())
      if (typeof started !== 'string') return started
      problem = started
      if (!problem.includes('not found')) break
    }
    return problem
  }

  /** Reads the profiles of the node, once all are there. */
  async function waitForFiles(): Promise<ReadonlyMap<string, string>> {
    const deadline = Date.now() + FILES_MS
    let found = await listProfiles()
    while (!names.isSubsetOf(new Set(found)) && Date.now() < deadline) {
      await sleep(POLL_MS)
      found = await listProfiles()
    }
    return new Map(
      await Promise.all(
        found.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const),
      ),
    )
  }

  async function decide(change: Difference): Promise<Verdict> {
    const installed = await install()
    if (typeof installed === 'string') return breaks(`the node gets no profile: ${installed}`)
    const [looser] = listLooser(posture, installed.posture)
    if (looser !== undefined) return { class: 'weakens', evidence: looser }
    const lost = [...files.keys()].find((each) => !installed.files.has(each))
    if (lost !== undefined) return breaks(`the node does not get ${lost}`)
    const changed = [...installed.files].find(([name, text]) => files.get(name) !== text)
    if (changed === undefined) return nothing('the node gets the same profiles')
    const { class: found, evidence } = await runner.runBeside(change, true)
    return { class: found, evidence: `${changed[0]} differs: ${evidence}` }
  }

  return async (change) => {
    if (change.deleted.some(({ kind }) => kind === 'Namespace')) {
      return { class: 'not run', evidence: 'it would delete the whole namespace' }
    }
    const refusal = await findRefusal(api, change)
    if (refusal !== undefined) return breaks(`the API server refuses it: ${refusal}`)
    if (await isSame(api, lane.resources, change)) {
      return nothing('the API server makes the same of it')
    }
    try {
      await carryOut(api, change)
      return await decide(change)
    } finally {
      await carryOut(api, invert(lane.resources, change))
    }
  }
}

async function listProfiles(): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((each) => each.endsWith('.json'))
}

async function listPods(): Promise<string[]> {
  const pods = await kubectlJson(listOf(podSchema), [
    ...['get', 'pods', '-n', profileNamespace, '-o', 'json'],
  ])
  return pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name)
}

/** Whether only names for people change: neither a Pod nor what it reads. */
async function isSame(api: Api, before: readonly Resource[], change: Difference): Promise<boolean> {
  const isCopied = ({ kind }: Resource) => kind === 'ConfigMap' || kind === 'DaemonSet'
  if (!change.applied.every(isCopied)) return false
  return isStoredAsBefore(api, before, change, ({ data, spec }) => [data, Object(spec).template])
}
