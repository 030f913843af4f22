// Images that only tests run, for the node of the local cluster. The tag depends on the versions of the programs.
import { basename, join } from 'node:path'
import { buildRootFileSystems } from '../../../tools/local-cluster/images/root-file-systems.ts'
import { provideImage } from '../../../tools/local-cluster/images/system-images.ts'
import type { Node } from '../../../tools/local-cluster/node/node-process.ts'
import { keyOf } from '../../../tools/local-cluster/programs/cache.ts'

/** Provides `name`.Containerfile. `programs`: its build arguments, folders of the cache. Returns the image's name. */
export async function provideTestImage(
  node: Node,
  name: 'vault' | 'monitoring',
  programs: Record<string, string>,
): Promise<string> {
  const version = keyOf(...Object.values(programs).map((folder) => basename(folder)))
  const reference = `localhost/secure-signing/${name}:${version}`
  const parts = { BASE: (await buildRootFileSystems()).nodejsBase, ...programs }
  const containerfile = join(import.meta.dirname, `${name}.Containerfile`)
  await provideImage(node, { reference, containerfile, parts })
  return reference
}
