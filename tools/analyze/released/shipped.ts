// The resources that have to be exactly what this version ships: the admission policies, their bindings, and the texts that two
// containers start with. They are read from k8s/ and mesh/ as kustomize reads them for a layout and its components.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { CHECKOUT } from '../../cli/checkout.ts'
import { componentFolder } from '../../deploy/render/components.ts'
import { movePolicy } from '../../deploy/render/move-resource.ts'
import { type Layout, overlayFolder } from '../../kube/layouts.ts'
import { parseResources, type Resource } from '../../kube/resources.ts'
import { applyPatch, operations } from './json-patch.ts'

/** `purpose`: the first sentence of the file's header. */
export type Shipped = { resource: Resource; purpose: string }

/** The files of the exact resources are named after their kinds. */
const exact =
  /-validating-admission-policy(-binding)?\.yaml$|\/(envoy-admin-allowlist|vault-agent)-config-map\.yaml$/
const kustomization = z.object({
  resources: z.array(z.string()).default([]),
  components: z.array(z.string()).default([]),
  patches: z
    .array(
      z.object({
        target: z.object({ kind: z.string().optional(), name: z.string().optional() }).optional(),
        patch: z.string().optional(),
      }),
    )
    .default([]),
})
const known = new Map<string, readonly Shipped[]>()

/** Lists the exact resources of a layout with `components`, in `namespace`. Values that deployments fill in are missing. */
export function listShipped(
  namespace: string,
  layout: Layout,
  components: readonly string[],
): readonly Shipped[] {
  const folders = [
    overlayFolder(layout),
    ...components.map((name) => componentFolder(name, layout)),
  ]
  const key = [namespace, ...folders].join()
  const found =
    known.get(key) ??
    folders
      .reduce<readonly Shipped[]>(build, [])
      .map((each) => ({ ...each, resource: movePolicy(each.resource, namespace) }))
  known.set(key, found)
  return found
}

/** Adds what the kustomization in `folder` adds, and applies its patches, as for a component. */
function build(found: readonly Shipped[], folder: string): readonly Shipped[] {
  const text = readFileSync(join(CHECKOUT, folder, 'kustomization.yaml'), 'utf8')
  const { resources, components, patches } = kustomization.parse(parse(text))
  const own = resources.flatMap((name): readonly Shipped[] => {
    const path = join(folder, name)
    if (!name.endsWith('.yaml')) return build([], path)
    return exact.test(path) ? read(path) : []
  })
  const all = components.reduce<readonly Shipped[]>(
    (each, name) => build(each, join(folder, name)),
    [...found, ...own],
  )
  return patches.reduce<readonly Shipped[]>((patched, { target, patch }) => {
    if (target?.kind !== 'ValidatingAdmissionPolicy' || patch === undefined) return patched
    return patched.map(({ resource, purpose }) =>
      resource.kind === target.kind && resource.metadata.name === target.name
        ? { purpose, resource: applyPatch(resource, operations.parse(parse(patch))) }
        : { resource, purpose },
    )
  }, all)
}

function read(path: string): Shipped[] {
  const text = readFileSync(join(CHECKOUT, path), 'utf8')
  const header = /^(#.*\n)*/.exec(text)?.[0].replaceAll(/^# ?/gm, '').replaceAll('\n', ' ') ?? ''
  const purpose = /^.*?\.(?= |$)/.exec(header)?.[0] ?? ''
  return parseResources(text).map((resource) => ({ resource, purpose }))
}
