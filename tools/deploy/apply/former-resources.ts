// Replaces what the version before named differently without a lost request. Until the Pods of that version are gone, its
// resources stay beside the new ones: the VirtualService belongs to both Gateways, so istiod may see the changes in any order,
// and the proxies verify the caller token in both headers.
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { applyResource, deleteResources } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import { formatResources, parseResources, type Resource } from '../../kube/resources.ts'
import type { Rendering } from '../render/render.ts'
import { readApplied } from './orphaned-resources.ts'

const formerResources: readonly Resource[] = [
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'world', namespace },
  },
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'verify-caller-token', namespace },
  },
]
const virtualServiceSpec = z.looseObject({ gateways: z.array(z.string()) })

/** Finds the former resources. Leaves out those that do not exist, or that `make deploy` did not apply. */
export function findFormerResources(): Promise<Resource[]> {
  return readApplied(formerResources)
}

/** Returns `rendering` with its VirtualServices bound to the Gateways in `former` too. It is a new file in the same folder. */
export async function bindToFormer(
  rendering: Rendering,
  former: readonly Resource[],
): Promise<Rendering> {
  const names = former.filter(({ kind }) => kind === 'Gateway').map(({ metadata }) => metadata.name)
  if (names.length === 0) return rendering
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
export async function removeFormerResources(
  rendering: Rendering,
  former: readonly Resource[],
): Promise<void> {
  for (const resource of parseResources(rendering.yaml)) {
    if (resource.kind === 'VirtualService') await applyResource(resource)
  }
  await deleteResources(former)
}
