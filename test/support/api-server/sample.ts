// Renders the resources with the sample values.
import { writeFile } from 'node:fs/promises'
import { type Rendering, renderResources } from '../../../tools/deploy/render/render.ts'
import { type Layout, onePod } from '../../../tools/kube/layouts.ts'
import {
  describeResource,
  formatResources,
  parseResources,
  type Resource,
} from '../../../tools/kube/resources.ts'
import { makeRenderFolder } from '../folder.ts'
import { describeSample, fillInParameters, sampleRoute } from './sample-values.ts'

export type Sample = Rendering & {
  resources: Resource[]
  /** Finds a resource by kind and name, e.g. "Deployment/secure-signing". */
  find: (name: string) => Resource | undefined
  spec: (name: string) => ReturnType<typeof Object>
}

/** Renders `layout` with the sample values and `components`, into a folder under .deploy/ for as long as the test lasts. */
export async function renderSample(
  components: readonly string[] = [],
  layout: Layout = onePod,
  route = sampleRoute,
): Promise<Sample> {
  const folder = await makeRenderFolder()
  const sample = describeSample(components, layout, route)
  const { path, yaml: given } = await renderResources({ folder, ...sample })
  const yaml = fillInParameters(given)
  if (yaml !== given) await writeFile(path, yaml)
  const resources = parseResources(yaml)
  const find = (name: string) => resources.find((each) => describeResource(each) === name)
  return { path, yaml, resources, find, spec: (name) => Object(find(name)?.spec) }
}

/** Renders only the kinds that fit `known`: those that an API server without Istio accepts. */
export async function renderKnown(
  components: readonly string[],
  known: RegExp,
): Promise<Rendering> {
  const { path, resources } = await renderSample(components)
  const kept = resources.filter(({ kind }) => known.test(kind))
  const yaml = formatResources(kept)
  await writeFile(path, yaml)
  return { path, yaml }
}
