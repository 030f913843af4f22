// The services as their images have them: bundled once, before the first test, each in a folder of its own.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bundleService } from '../../../tools/images/image-context.ts'
import { imageNames } from '../../../tools/images/image-references.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder with `<room>/main.mjs`. */
    bundles: string
  }
}

let folder = ''

/** Vitest calls it before the tests. */
export async function setup(project: TestProject): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'secure-signing-bundles-'))
  await Promise.all(imageNames.map((room) => bundleService(room, join(folder, room, 'main.mjs'))))
  project.provide('bundles', folder)
}

/** And this after them. */
export async function teardown(): Promise<void> {
  await rm(folder, { recursive: true })
}
