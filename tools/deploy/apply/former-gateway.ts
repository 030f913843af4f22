// Replaces the Gateway "world" of version 0.1 without a lost request. Until the new Pods are ready, the VirtualService belongs
// to both Gateways, so istiod may see the changes in any order.
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { applyResource, deleteResources } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import { formatResources, parseResources, type Resource } from '../../kube/resources.ts'
import type { Rendering } from '../render/render.ts'
import { readApplied } from './orphaned-resources.ts'

const formerGateway: Resource = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name: 'world', namespace },
}
const virtualServiceSpec = z.looseObject({ gateways: z.array(z.string()) })

/** Finds the former Gateway. Returns no resource if it does not exist, or if `make deploy` did not apply it. */
export function findFormerGateways(): Promise<Resource[]> {
  return readApplied([formerGateway])
}

/** Returns `rendering` with its VirtualServices bound to `former` too. It is a new file in the same folder. */
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
  const yaml = formatResources(resources)
  await writeFile(path, yaml)
  return { path, yaml }
}

/** Binds the VirtualServices to the Gateways of `rendering` alone, and deletes `former`. */
export async function removeFormerGateways(
  rendering: Rendering,
  former: readonly Resource[],
): Promise<void> {
  for (const resource of parseResources(rendering.yaml)) {
    if (resource.kind === 'VirtualService') await applyResource(resource)
  }
  await deleteResources(former)
}
