// Replaces the Gateway "world" of version 0.1 without a lost request. Until the new Pods serve, the VirtualService has both.
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { kubectl } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import { parseResources, type Resource } from '../../kube/resources.ts'
import type { Rendering } from '../render/render.ts'
import { applyResources } from './apply.ts'
import { readApplied } from './orphaned-resources.ts'

const formerGateway: Resource = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name: 'world', namespace },
}
const virtualServiceSpec = z.looseObject({ gateways: z.array(z.string()) })

/** Finds it on the cluster. The list is empty if it is not there, or if `make deploy` has not applied it. */
export function findFormerGateways(): Promise<Resource[]> {
  return readApplied([formerGateway])
}

/** Returns `rendering` with its VirtualServices bound to `former` too, in a file beside it. */
export async function bindToFormer(
  rendering: Rendering,
  former: readonly Resource[],
): Promise<Rendering> {
  if (former.length === 0) return rendering
  const names = former.map(({ metadata }) => metadata.name)
  const resources = parseResources(rendering.yaml).map((each) => {
    if (each.kind !== 'VirtualService') return each
    const spec = virtualServiceSpec.parse(each.spec)
    return { ...each, spec: { ...spec, gateways: [...spec.gateways, ...names] } }
  })
  const path = join(dirname(rendering.path), 'transition.yaml')
  const yaml = resources.map((each) => JSON.stringify(each)).join('\n---\n')
  await writeFile(path, yaml)
  return { path, yaml }
}

/** Binds the VirtualServices to the Gateways of `rendering` alone, and deletes `former`. */
export async function removeFormerGateways(
  rendering: Rendering,
  former: readonly Resource[],
): Promise<void> {
  const resources = parseResources(rendering.yaml)
  await applyResources(resources.filter(({ kind }) => kind === 'VirtualService'))
  const list = { apiVersion: 'v1', kind: 'List', items: former }
  await kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: JSON.stringify(list) })
}
