// Runs what is deployed and then the change in one scratch namespace, and compares who reaches what. The live deployment gets no
// request.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { say, step } from '../../cli/terminal.ts'
import type { InspectedMesh } from '../../deploy/preflight/preflight.ts'
import { listWorkloads, onePod } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'
import { applyOver, dryRunOver, waitUntilReady } from '../scratch/apply.ts'
import { composeScratchGateway, gatewaySuffix, identityOf } from '../scratch/gateway.ts'
import { isolate } from '../scratch/isolate.ts'
import { createScratchKey } from '../scratch/key.ts'
import { measureScratch } from '../scratch/measured.ts'
import { moveResources, type Rewrite } from '../scratch/move.ts'
import {
  createBeside,
  createScratch,
  nameScratch,
  prefixOf,
  removeAbandoned,
  removeScratch,
} from '../scratch/namespaces.ts'
import { readLive, toApplicable } from '../scratch/read-live.ts'
import { listMoreRequests } from './asked.ts'
import { compareMeasured, type Difference } from './compare.ts'
import { readScratchLabels } from './scratch-labels.ts'

const purpose = 'preview'
const owner = `preview-of-${namespace}`
/** For requests to the API server that are on their way. */
const settleMs = 3_000

type Input = {
  mesh: InspectedMesh
  /** The live resources, and those of the change. */
  deployed: readonly Resource[]
  changed: readonly Resource[]
  folder: string
}
type Result = {
  changed: string[]
  requests: Difference[]
  rewrites: Rewrite[]
  notes: string[]
}

export async function compareInScratch(input: Input): Promise<Result> {
  const left = await removeAbandoned(owner, prefixOf(namespace, purpose))
  if (left.length > 0) say(`  ok    ${left.join(', ')} of an interrupted preview is removed`)
  const name = nameScratch(namespace, purpose)
  const labels = await readScratchLabels()
  let isRemoved = false
  const remove = async () => {
    if (isRemoved) return
    isRemoved = true
    await step(`the namespace ${name} is removed`, () => removeScratch(name))
  }
  const ended = new AbortController()
  // The measurement may be creating a namespace, so this looks twice.
  const stop = () => {
    ended.abort()
    void remove()
      .then(() => sleep(settleMs))
      .then(() => removeScratch(name))
      .finally(() => process.exit(130))
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const endBeats = await createScratch(name, owner, labels)
  try {
    const gatewayNamespace = await createBeside(name, gatewaySuffix, labels)
    return await compareIn({ namespace: name, gatewayNamespace }, input, ended.signal)
  } finally {
    endBeats()
    await remove()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

async function compareIn(
  scratch: { namespace: string; gatewayNamespace: string },
  { mesh, deployed, changed, folder }: Input,
  signal: AbortSignal,
): Promise<Result> {
  const { trustDomain, route, injector } = mesh
  const standIn = identityOf(trustDomain, scratch.gatewayNamespace)
  const identities = Object.fromEntries(
    route.workloads.map((each) => [
      `${trustDomain}/ns/${each.namespace}/sa/${each.serviceAccount}`,
      standIn,
    ]),
  )
  const others = listOthers(deployed, changed)
  const [before, after] = [deployed, [...changed, ...others]].map((resources) => {
    const moved = moveResources(resources, {
      ...{ from: namespace, to: scratch.namespace, identities },
    })
    const isolated = isolate(moved.resources, scratch)
    return {
      resources: isolated.resources,
      rewrites: [...moved.rewrites, ...isolated.rewrites],
    }
  }) as [Moved, Moved]
  const [gateway, fresh] = ['before', 'after'].map((phase) =>
    composeScratchGateway(scratch.namespace, scratch.gatewayNamespace, injector.label, phase),
  ) as [Resource[], Resource[]]
  await step(`what is deployed runs in the namespace ${scratch.namespace}`, async () => {
    await createScratchKey(scratch.namespace)
    await applyOver([], [...gateway, ...before.resources])
    await waitUntilReady([...gateway, ...before.resources])
  })
  const names = listChanged(
    await readLive(scratch.namespace, listWorkloads(onePod)),
    (await dryRunOver(after.resources)).map(toApplicable),
  )
  const { more, left } = listMoreRequests([...before.resources, ...after.resources])
  const notes = [
    ...(left === 0 ? [] : [`${left} more paths of the policies and routes are not asked`]),
    ...others.map((each) => `${describeResource(each)} is not in the files. It stays as deployed`),
  ]
  const found = { changed: names, rewrites: after.rewrites }
  if (names.length === 0) return { ...found, requests: [], notes }
  const measureIn = (part: string, { resources }: Moved) =>
    measureScratch({
      ...{ namespace: scratch.namespace, resources, host: route.host, more, signal },
      folder: join(folder, part),
    })
  const first = await step('who reaches what now', () => measureIn('before', before))
  await step('the change runs there', async () => {
    await applyOver(before.resources, [...after.resources, ...fresh])
    await waitUntilReady([...after.resources, ...fresh])
  })
  const second = await step('who reaches what after the change', () => measureIn('after', after))
  return {
    ...found,
    requests: compareMeasured(first, second),
    notes: [...first.notes, ...notes],
  }
}

type Moved = { resources: Resource[]; rewrites: Rewrite[] }

/** Resources of others in the namespace act on the changed Pod, too. Ours that the change lacks are gone. */
function listOthers(deployed: readonly Resource[], changed: readonly Resource[]): Resource[] {
  const names = new Set(changed.map(describeResource))
  return deployed.filter(
    (each) =>
      !names.has(describeResource(each)) &&
      each.metadata.labels?.['app.kubernetes.io/part-of'] !== 'secure-signing',
  )
}

function listChanged(before: readonly Resource[], after: readonly Resource[]): string[] {
  const [old, found] = [before, after].map(
    (all) => new Map(all.map((each) => [describeResource(each), each])),
  )
  return [
    ...[...(found ?? [])]
      .filter(([name, each]) => !isDeepStrictEqual(old?.get(name), each))
      .map(([name]) => (old?.has(name) ? name : `${name} (new)`)),
    ...[...(old?.keys() ?? [])].filter((name) => !found?.has(name)).map((name) => `${name} (gone)`),
  ]
}
