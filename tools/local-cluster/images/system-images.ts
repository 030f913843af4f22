// The images of Kubernetes and Istio, and the base image of ours. They are built once for each version, from the cache.
import { basename, join, relative } from 'node:path'
import { readText } from '../../cli/checkout.ts'
import type { Ingredients } from '../ingredients.ts'
import type { Node } from '../node/node-process.ts'
import { CACHE, IN_NODE, toNodePath } from '../paths.ts'
import { cached, keyOf } from '../programs/cache.ts'
import { buildInNode, exportImage } from './buildah.ts'
import { importImage } from './containerd.ts'
import type { RootFileSystems } from './root-file-systems.ts'

export const ISTIO_HUB = 'localhost/istio'

/** `containerfile`: a path. `parts`: its build arguments, each a folder of the cache. */
export type Image = { reference: string; containerfile: string; parts: Record<string, string> }

function listSystemImages({ programs, roots, istio }: Ingredients): Image[] {
  const { coredns } = programs
  return [
    {
      reference: 'localhost/secure-signing/pause:1',
      containerfile: fileOf('pause'),
      parts: { NODE_ROOT: roots.nodeRoot },
    },
    {
      reference: `localhost/secure-signing/coredns:${coredns.tag}`,
      containerfile: fileOf('coredns'),
      parts: { COREDNS: coredns.folder },
    },
    ...(istio === undefined ? [] : listIstioImages(istio, roots, ISTIO_HUB)),
  ]
}

export function listIstioImages(
  { tag, folder, envoy }: NonNullable<Ingredients['istio']>,
  { proxyBase }: Pick<RootFileSystems, 'proxyBase'>,
  hub: string,
): Image[] {
  const ofIstio = (name: string, parts: Record<string, string> = {}): Image => ({
    reference: `${hub}/${name}:${tag}`,
    containerfile: fileOf(name),
    parts: { BASE: proxyBase, ISTIO: folder, ...parts },
  })
  return [ofIstio('pilot'), ofIstio('proxyv2', { ENVOY: envoy }), ofIstio('install-cni')]
}

/** Lists the folders of the cache for these images, whether they are built or not. */
export async function listImageFolders(ingredients: Ingredients): Promise<string[]> {
  const entries = await Promise.all(listSystemImages(ingredients).map(nameEntry))
  return entries.map(({ name }) => join(CACHE, name))
}

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
    containerfile: fileOf('nodejs'),
    parts: { BASE: ingredients.roots.nodejsBase, NODEJS: ingredients.nodejs.folder },
  })
}

/** Builds an image if the cache lacks it, and imports it if the node lacks it. */
export async function provideImage(node: Node, image: Image): Promise<void> {
  const { folder, key } = await buildCached(node, image)
  await importImage(node, image.reference, key, toNodePath(join(folder, 'image.oci')))
}

async function buildCached(node: Node, image: Image): Promise<{ folder: string; key: string }> {
  const { name, key } = await nameEntry(image)
  const folder = await cached(name, async (target) => {
    await buildImage(node, image)
    await exportImage(node, image.reference, toNodePath(join(target, 'image.oci')))
  })
  return { folder, key }
}

/** The key identifies what the image is built from. */
async function nameEntry(image: Image): Promise<{ name: string; key: string }> {
  const text = await readText(image.containerfile)
  const names = Object.values(image.parts).map((part) => relative(CACHE, part))
  const key = keyOf(text, image.reference, ...names)
  return { name: `images/${basename(image.containerfile, '.Containerfile')}-${key}`, key }
}

async function buildImage(node: Node, image: Image): Promise<void> {
  const parts = Object.entries(image.parts).map(([name, part]) => [name, relative(CACHE, part)])
  await buildInNode(node, {
    reference: image.reference,
    containerfile: toNodePath(image.containerfile),
    // The whole cache is the context, so that nothing is copied to prepare one.
    context: IN_NODE.cache,
    buildArgs: Object.fromEntries(parts),
  })
}

function fileOf(name: string): string {
  return join(import.meta.dirname, `${name}.Containerfile`)
}
