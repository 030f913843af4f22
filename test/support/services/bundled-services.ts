// Bundles each service into its own folder, as in its image, before the first test of the project.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bundleService } from '../../../tools/images/image-context.ts'
import { imageNames } from '../../../tools/images/image-references.ts'

declare module 'vitest' {
  interface ProvidedContext {
    bundles: string
  }
}

let folder = ''

export async function setup(project: TestProject): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'secure-signing-bundles-'))
  await Promise.all(imageNames.map((name) => bundleService(name, join(folder, name, 'main.mjs'))))
  project.provide('bundles', folder)
}

export async function teardown(): Promise<void> {
  await rm(folder, { recursive: true })
}
