// Finds the programs of these tests once, because their checksums take seconds.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { PKI } from '../../../tools/local-cluster/paths.ts'
import {
  type ApiServerPrograms,
  findApiServerPrograms,
} from '../../../tools/verify/admission/api-server/api-server.ts'
import { buildTestPrograms } from '../programs/programs.ts'

declare module 'vitest' {
  interface ProvidedContext {
    apiServerPrograms: ApiServerPrograms | undefined
    promtool: string | undefined
  }
}

export async function setup(project: TestProject): Promise<void> {
  project.provide('apiServerPrograms', existsSync(PKI) ? await findApiServerPrograms() : undefined)
  const promtool = await buildTestPrograms('prometheus')
    .then((folder) => join(folder, 'promtool'))
    .catch((error: Error) => {
      console.warn(error.message)
      return undefined
    })
  project.provide('promtool', promtool)
}
