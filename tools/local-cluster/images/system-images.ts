// The images of Kubernetes and Istio, and the base image of ours. They are built once for each version, from the cache.
import { readFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import type { Node } from '../node/node-process.ts'
import { CACHE, IN_NODE, toNodePath } from '../paths.ts'
import { cached, keyOf } from '../programs/cache.ts'
import type { Programs } from '../programs/programs.ts'
import { buildInNode, exportImage } from './buildah.ts'
import { importImage } from './containerd.ts'
import type { RootFileSystems } from './root-file-systems.ts'

export const ISTIO_HUB = 'localhost/istio'

/** Folders of the cache that images are built from. */
export type Ingredients = {
  programs: Programs
  roots: RootFileSystems
  envoy: string
  nodejs: { folder: string; version: string }
}

type SystemImage = { reference: string; containerfile: string; parts: Record<string, string> }

function listSystemImages({ programs, roots, envoy }: Ingredients): SystemImage[] {
  const { istio, coredns } = programs
  const ofIstio = (name: string, parts: Record<string, string>): SystemImage => ({
    reference: `${ISTIO_HUB}/${name}:${istio.tag}`,
    containerfile: name,
    parts: { BASE: roots.proxyBase, ISTIO: istio.folder, ...parts },
  })
  return [
    {
      reference: 'localhost/secure-signing/pause:1',
      containerfile: 'pause',
      parts: { NODE_ROOT: roots.nodeRoot },
    },
    {
      reference: `localhost/secure-signing/coredns:${coredns.tag}`,
      containerfile: 'coredns',
      parts: { COREDNS: coredns.folder },
    },
    ofIstio('pilot', {}),
    ofIstio('proxyv2', { ENVOY: envoy }),
    ofIstio('install-cni', {}),
  ]
}

/** Builds images that are not in the cache, and imports images that the node lacks. */
export async function provideSystemImages(node: Node, ingredients: Ingredients): Promise<void> {
  for (const image of listSystemImages(ingredients)) await provideImage(node, image)
}

/** Returns the name of the base image of the local frontend and signer. */
export function nameNodejsImage({ nodejs }: Ingredients): string {
  return `localhost/secure-signing/nodejs:${nodejs.version}`
}

/** Builds that base image in the node's buildah. */
export async function provideNodejsImage(node: Node, ingredients: Ingredients): Promise<void> {
  await buildImage(node, {
    reference: nameNodejsImage(ingredients),
    containerfile: 'nodejs',
    parts: { BASE: ingredients.roots.nodejsBase, NODEJS: ingredients.nodejs.folder },
  })
}

/** Provides the node with an image of HashiCorp Vault, from a folder of the cache. Returns its name. */
export async function provideVaultImage(
  node: Node,
  folder: string,
  { nodejsBase }: RootFileSystems,
): Promise<string> {
  // The folder's name contains version and hash.
  const reference = `localhost/secure-signing/vault:${basename(folder)}`
  const parts = { BASE: nodejsBase, VAULT: folder }
  await provideImage(node, { reference, containerfile: 'vault', parts })
  return reference
}

/** Provides the node with one image of Prometheus, its operator and kube-state-metrics. Returns its name. */
export async function provideMonitoringImage(
  node: Node,
  folders: { prometheus: string; operator: string; stateMetrics: string },
  { nodejsBase }: RootFileSystems,
): Promise<string> {
  const { prometheus, operator, stateMetrics } = folders
  const versions = keyOf(...Object.values(folders).map((folder) => basename(folder)))
  const reference = `localhost/secure-signing/monitoring:${versions}`
  const parts = {
    ...{ BASE: nodejsBase, PROMETHEUS: prometheus, OPERATOR: operator },
    STATE_METRICS: stateMetrics,
  }
  await provideImage(node, { reference, containerfile: 'monitoring', parts })
  return reference
}

async function provideImage(node: Node, image: SystemImage): Promise<void> {
  const { folder, key } = await buildCached(node, image)
  await importImage(node, image.reference, key, toNodePath(join(folder, 'image.oci')))
}

async function buildCached(
  node: Node,
  image: SystemImage,
): Promise<{ folder: string; key: string }> {
  const text = await readFile(fileOf(image), 'utf8')
  const names = Object.values(image.parts).map((part) => relative(CACHE, part))
  const key = keyOf(text, image.reference, ...names)
  const folder = await cached(`images/${image.containerfile}-${key}`, async (target) => {
    await buildImage(node, image)
    await exportImage(node, image.reference, toNodePath(join(target, 'image.oci')))
  })
  return { folder, key }
}

async function buildImage(node: Node, image: SystemImage): Promise<void> {
  const parts = Object.entries(image.parts).map(([name, part]) => [name, relative(CACHE, part)])
  await buildInNode(node, {
    reference: image.reference,
    containerfile: toNodePath(fileOf(image)),
    // The whole cache is the context, so that nothing is copied to prepare one.
    context: IN_NODE.cache,
    buildArgs: Object.fromEntries(parts),
  })
}

function fileOf({ containerfile }: SystemImage): string {
  return join(CHECKOUT, 'tools/local-cluster/images', `${basename(containerfile)}.Containerfile`)
}
