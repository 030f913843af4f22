// The entries of the cache that `make up` needs, and nothing else. The cache also holds other versions.
import { stat } from 'node:fs/promises'
import { dirname, relative } from 'node:path'
import { listImageFolders } from '../../../tools/local-cluster/images/system-images.ts'
import { fillCache } from '../../../tools/local-cluster/ingredients.ts'
import { CACHE } from '../../../tools/local-cluster/paths.ts'

/** Builds what is missing, except system images, which need a node. Returns the folders, by their path in the cache. */
export async function listWarmCache(): Promise<Record<string, string>> {
  const ingredients = await fillCache(true)
  const { programs, roots, istio, nodejs } = ingredients
  const folders = [
    ...Object.values(programs).map(({ folder }) => folder),
    ...[dirname(roots.nodeRoot), roots.proxyBase, roots.nodejsBase, nodejs.folder],
    ...(istio === undefined ? [] : [istio.folder, istio.envoy]),
    ...(await listImageFolders(ingredients)),
  ]
  const isThere = await Promise.all(folders.map((each) => stat(each).catch(() => undefined)))
  return Object.fromEntries(
    folders.filter((_, index) => isThere[index]).map((each) => [relative(CACHE, each), each]),
  )
}
