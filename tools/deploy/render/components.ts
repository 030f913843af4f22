// Finds and reads the optional components in k8s/components.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { CHECKOUT } from '../../cli/checkout.ts'
import { UserError } from '../../cli/terminal.ts'
import { componentNames, componentsFolder } from '../../kube/application/component-names.ts'
import { application, readSetting } from '../../kube/application.ts'
import {
  type Layout,
  layouts,
  noMesh,
  onePod,
  overlayFolder,
  separatePods,
} from '../../kube/layouts.ts'
import { parseResources, type Resource, removeDuplicates } from '../../kube/resources.ts'
import { isLocal } from './local-resource.ts'
import { moveToApplication } from './move-resource.ts'

/** These patch what other components add, so they come after all others. */
const lastComponents = ['autoscaling', 'tracing']
/** Only one of these is allowed, because each is a source of the key. */
const keyManager = /^(external-secrets-|vault$)/
/** Only one of these is allowed, because a kernel enforces one. */
const kernelModules = ['apparmor', 'selinux']
const istioOnly = 'it consists of resources of Istio'
const noSocket = "its profile of the frontend allows no connection to the signer's socket"
/** The components that an overlay does not support, and why. */
const unsupported: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [separatePods.overlay]: {
    vault: 'its agent, Sidecar and Vault role are for one Pod',
  },
  [noMesh.overlay]: {
    monitoring: istioOnly,
    tracing: istioOnly,
    vault: 'its agent reaches Vault through the proxy of Istio',
    apparmor: noSocket,
    seccomp: noSocket,
    selinux: noSocket,
  },
}
const kustomization = z.object({ resources: z.array(z.string()).default([]) })

/** Returns the folder from the root of the repository. An overlay may have its own component of the same name. */
export function componentFolder(name: string, layout: Layout): string {
  const own = join(overlayFolder(layout), 'components', name)
  return existsSync(join(CHECKOUT, own)) ? own : join(componentsFolder, name)
}

/**
 * Reads names that are separated by spaces or commas, for example "high-availability autoscaling". Returns each once, in the
 * order in which kustomize must apply them. Throws UserError for an unknown name, for two that exclude each other, and for a
 * component that `layout` does not support.
 */
export async function parseComponents(text = '', { overlay }: Layout = onePod): Promise<string[]> {
  const given = text.split(/[\s,]+/).filter((name) => name !== '')
  const known = componentNames
  const unknown = given.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new UserError(
      `COMPONENTS has unknown names: ${unknown.join(', ')}`,
      `Use names among ${known.join(', ')}.`,
    )
  }
  const names = sortComponents(known.filter((name) => given.includes(name)))
  for (const name of names) {
    const reason = unsupported[overlay]?.[name]
    if (reason === undefined) continue
    throw new UserError(
      `OVERLAY=${overlay} does not support the component ${name}: ${reason}`,
      'Leave out the component, or use the default overlay.',
    )
  }
  const managers = names.filter((name) => keyManager.test(name))
  if (managers.length > 1) {
    throw new UserError(
      `COMPONENTS names several key managers: ${managers.join(', ')}`,
      'Name only the one that holds the key.',
    )
  }
  if (kernelModules.every((name) => names.includes(name))) {
    throw new UserError(
      `COMPONENTS names ${kernelModules.join(' and ')}, but a node enforces only one`,
      'Name only the one that your nodes enforce.',
    )
  }
  return names
}

/** Returns the order in which kustomize must apply components. */
export function sortComponents(names: readonly string[]): string[] {
  const isLast = (name: string) => lastComponents.includes(name)
  return names.toSorted((a, b) => Number(isLast(a)) - Number(isLast(b)))
}

/** Reads the components of a deployment. The section `limits` of signing.yaml adds its component, whatever COMPONENTS names. */
export function readComponents(layout: Layout): Promise<string[]> {
  const limits = application.limits === undefined ? [] : ['limits']
  return parseComponents([readSetting('COMPONENTS'), ...limits].join(' '), layout)
}

/** Reads the resources of all optional components of all overlays, each once, before values are filled in. */
export async function readComponentResources(): Promise<Resource[]> {
  const names = componentNames
  const folders = layouts.flatMap((layout) => names.map((name) => componentFolder(name, layout)))
  const files = await Promise.all(
    [...new Set(folders)].map((folder) => listResourceFiles(join(CHECKOUT, folder))),
  )
  const texts = await Promise.all(files.flat().map((file) => readFile(file, 'utf8')))
  const found = texts.flatMap(parseResources).filter((each) => !isLocal(each))
  return removeDuplicates(found.map(moveToApplication))
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
