// What takes minutes, done before the first test: Vault is compiled, and made an image of the local cluster.
import type { TestProject } from 'vitest/node'
import { buildRootFileSystems } from '../../../tools/local-cluster/images/root-file-systems.ts'
import { provideVaultImage } from '../../../tools/local-cluster/images/system-images.ts'
import { buildTestPrograms } from '../../../tools/local-cluster/programs/programs.ts'
import { requireLocalCluster, requireNode } from '../../../tools/verify/faults/support/node.ts'

declare module 'vitest' {
  interface ProvidedContext {
    vaultImage: string
  }
}

/** vitest's globalSetup. Throws UserError without the local cluster. */
export async function setup(project: TestProject): Promise<void> {
  requireLocalCluster()
  const node = await requireNode()
  const folder = await buildTestPrograms('vault')
  project.provide('vaultImage', await provideVaultImage(node, folder, await buildRootFileSystems()))
}
