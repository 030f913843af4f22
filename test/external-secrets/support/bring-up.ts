// What takes minutes, done before the first test: the operator is compiled.
import type { TestProject } from 'vitest/node'
import { buildTestPrograms } from '../../../tools/local-cluster/programs/programs.ts'
import { findNodeInit, requireLocalCluster } from '../../../tools/verify/faults/support/node.ts'
import { fetchMoto } from './moto-program.ts'

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
