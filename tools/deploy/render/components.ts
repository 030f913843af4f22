// The optional parts of a deployment, k8s/components, by the names that COMPONENTS gives.
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { CHECKOUT } from '../../cli/checkout.ts'
import { UserError } from '../../cli/terminal.ts'
import { type Layout, layouts, onePod, overlayFolder, separatePods } from '../../kube/layouts.ts'
import { dropRepeated, parseResources, type Resource } from '../../kube/resources.ts'

const shared = 'k8s/components'
/** Always there, and last: it fills in what the others bring, too. */
export const valuesComponent = 'cluster-values'
/** These patch what other components add, so they come after all others. */
const lastComponents = ['autoscaling', 'tracing']
/** Of these there can be one: each says where the key comes from. */
const keyManager = /^(external-secrets-|vault$)/
/** These exclude each other: a kernel confines by one of them. */
const kernelModules = ['apparmor', 'selinux']
/** What an overlay can't have → why. */
const refusals: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [separatePods.overlay]: {
    vault: "its agent, its Sidecar and its role in Vault are the one Pod's of the default overlay",
  },
}
const kustomization = z.object({ resources: z.array(z.string()).default([]) })

/** A component's folder, from the root of the repository: an overlay may have one of its own of the same name. */
export function componentFolder(name: string, layout: Layout): string {
  const own = join(overlayFolder(layout), 'components', name)
  return existsSync(join(CHECKOUT, own)) ? own : join(shared, name)
}

export async function listComponents(): Promise<string[]> {
  const names = await readdir(join(CHECKOUT, shared))
  return names.filter((name) => name !== valuesComponent).toSorted()
}

/**
 * Reads names that are separated by spaces or commas, for example "high-availability autoscaling". Returns each once, in the
 * order in which kustomize must apply them. Throws UserError for an unknown name, for two that exclude each other, and for a
 * component that `layout` does not support.
 */
export async function parseComponents(text = '', { overlay }: Layout = onePod): Promise<string[]> {
  const given = text.split(/[\s,]+/).filter((name) => name !== '')
  const known = await listComponents()
  const unknown = given.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new UserError(
      `COMPONENTS names what is no optional component: ${unknown.join(', ')}`,
      `there are: ${known.join(', ')}`,
    )
  }
  const isLast = (name: string) => lastComponents.includes(name)
  const names = known
    .filter((name) => given.includes(name))
    .toSorted((a, b) => Number(isLast(a)) - Number(isLast(b)))
  for (const name of names) {
    const reason = refusals[overlay]?.[name]
    if (reason === undefined) continue
    throw new UserError(
      `COMPONENTS names ${name}, which OVERLAY=${overlay} can't have: ${reason}`,
      'leave it out, or take the default overlay',
    )
  }
  const managers = names.filter((name) => keyManager.test(name))
  if (managers.length > 1) {
    throw new UserError(
      `COMPONENTS names several key managers: ${managers.join(', ')}`,
      'the key comes from one: name that one',
    )
  }
  if (kernelModules.every((name) => names.includes(name))) {
    throw new UserError(
      `COMPONENTS names ${kernelModules.join(' and ')}, and no node enforces both`,
      'name the one that your nodes enforce',
    )
  }
  return names
}

/** Reads the resources that the optional components of every overlay add, each once. */
export async function readComponentResources(): Promise<Resource[]> {
  const names = await listComponents()
  const folders = layouts.flatMap((layout) => names.map((name) => componentFolder(name, layout)))
  const files = await Promise.all(
    [...new Set(folders)].map((folder) => listResourceFiles(join(CHECKOUT, folder))),
  )
  const texts = await Promise.all(files.flat().map((file) => readFile(file, 'utf8')))
  const found = texts.flatMap(parseResources).filter((each) => !isLocal(each))
  return dropRepeated(found)
}

async function listResourceFiles(path: string): Promise<string[]> {
  const text = await readFile(join(path, 'kustomization.yaml'), 'utf8')
  const { resources } = kustomization.parse(parse(text))
  const files = await Promise.all(
    resources.map((name) =>
      name.endsWith('.yaml') ? [join(path, name)] : listResourceFiles(join(path, name)),
    ),
  )
  return files.flat()
}

/** True for what only kustomize reads. */
function isLocal({ metadata }: Resource): boolean {
  return metadata.annotations?.['config.kubernetes.io/local-config'] === 'true'
}
