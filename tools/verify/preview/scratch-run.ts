// Runs what is deployed and then the change in one scratch namespace, and compares who reaches what. The live deployment gets no
// request.
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { say, step } from '../../cli/terminal.ts'
import type { InspectedMesh } from '../../deploy/preflight/preflight.ts'
import { listWorkloads, onePod } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'
import { applyOver, waitUntilReady } from '../scratch/apply.ts'
import { composeScratchGateway, gatewaySuffix, identityOf } from '../scratch/gateway.ts'
import { isolate } from '../scratch/isolate.ts'
import { createScratchKey } from '../scratch/key.ts'
import { measureScratch } from '../scratch/measured.ts'
import { moveResources, type Rewrite } from '../scratch/move.ts'
import {
  createBeside,
  createScratch,
  nameScratch,
  removeAbandoned,
  removeScratch,
} from '../scratch/namespaces.ts'
import { readLive } from '../scratch/read-live.ts'
import { listMoreRequests } from './asked.ts'
import { compareMeasured, type Difference } from './compare.ts'
import { readScratchLabels } from './scratch-labels.ts'

const owner = `preview-of-${namespace}`

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
  const left = await removeAbandoned(owner)
  if (left.length > 0) say(`  ok    ${left.join(', ')} of an interrupted preview is removed`)
  const name = nameScratch(namespace, 'preview')
  const labels = await readScratchLabels()
  let isRemoved = false
  const remove = async () => {
    if (isRemoved) return
    isRemoved = true
    await step(`the namespace ${name} is removed`, () => removeScratch(name))
  }
  const stop = () => void remove().finally(() => process.exit(130))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const endBeats = await createScratch(name, owner, labels)
  try {
    const gatewayNamespace = await createBeside(name, gatewaySuffix, labels)
    return await compareIn({ namespace: name, gatewayNamespace }, input)
  } finally {
    endBeats()
    await remove()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

async function compareIn(
  scratch: { namespace: string; gatewayNamespace: string },
  { mesh, deployed, changed, folder }: Input,
): Promise<Result> {
  const { trustDomain, route, injector } = mesh
  const standIn = identityOf(trustDomain, scratch.gatewayNamespace)
  const identities = Object.fromEntries(
    route.workloads.map((each) => [
      `${trustDomain}/ns/${each.namespace}/sa/${each.serviceAccount}`,
      standIn,
    ]),
  )
  const [before, after] = [deployed, keepOthers(deployed, changed)].map((resources) => {
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
  const read = () => readLive(scratch.namespace, listWorkloads(onePod))
  const { more, left } = listMoreRequests([...before.resources, ...after.resources])
  const measureIn = (part: string, { resources }: Moved) =>
    measureScratch({
      ...{ namespace: scratch.namespace, resources, host: route.host, more },
      folder: join(folder, part),
    })
  const first = await step('who reaches what now', () => measureIn('before', before))
  const wasThere = await read()
  await step('the change runs there', async () => {
    await applyOver(before.resources, [...after.resources, ...fresh])
    await waitUntilReady([...after.resources, ...fresh])
  })
  const names = listChanged(wasThere, await read())
  const notes = [
    ...first.notes,
    ...(left === 0 ? [] : [`${left} more paths of the policies and routes are not asked`]),
  ]
  if (names.length === 0) return { changed: [], requests: [], rewrites: after.rewrites, notes }
  const second = await step('who reaches what after the change', () => measureIn('after', after))
  return {
    ...{ changed: names, rewrites: after.rewrites, notes },
    requests: compareMeasured(first, second),
  }
}

type Moved = { resources: Resource[]; rewrites: Rewrite[] }

/** Resources of others in the namespace act on the changed Pod, too. Ours that the change lacks are gone. */
function keepOthers(deployed: readonly Resource[], changed: readonly Resource[]): Resource[] {
  const names = new Set(changed.map(describeResource))
  const others = deployed.filter(
    (each) =>
      !names.has(describeResource(each)) &&
      each.metadata.labels?.['app.kubernetes.io/part-of'] !== 'secure-signing',
  )
  return [...changed, ...others]
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
