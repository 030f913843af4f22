// What takes minutes, done before the first test: the operator is compiled.
import type { TestProject } from 'vitest/node'
import { fetchMoto } from '../../../cluster/moto.ts'
import { buildTestPrograms } from '../../../cluster/programs.ts'
import { findNodeInit, requireLocalCluster } from '../../faults/support/node.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Folders of the cache. */
    externalSecrets: string
    moto: string
  }
}

/** vitest's globalSetup. Throws UserError without the local cluster. */
export async function setup(project: TestProject): Promise<void> {
  requireLocalCluster()
  await findNodeInit()
  project.provide('externalSecrets', await buildTestPrograms('external-secrets'))
  project.provide('moto', await fetchMoto())
}
