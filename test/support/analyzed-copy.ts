// A copy of the resources that a test changes, and `make analyze` run on it.
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect } from 'vitest'
import { stringify } from 'yaml'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { tryRun } from '../../tools/cli/exec.ts'
import { makeFolder } from './folder.ts'

/** The program behind make analyze. */
export const program = join(CHECKOUT, 'tools/analyze/analyze.ts')
/** A kustomization of the default overlay, in the folder `mine`. */
export const mine = {
  apiVersion: 'kustomize.config.k8s.io/v1beta1',
  kind: 'Kustomization',
  resources: ['../k8s/overlays/default'],
  images: ['frontend', 'signer'].map((name) => ({
    name: `secure-signing/${name}`,
    newName: `registry.example/${name}`,
    newTag: 'v1',
  })),
}
let folder: string

/** Gives each test a fresh copy of mesh/ and k8s/, with the kustomization `mine` beside them. */
export function useCopy(): void {
  beforeEach(async () => {
    folder = await makeFolder()
    for (const name of ['mesh', 'k8s']) {
      await cp(join(CHECKOUT, name), join(folder, name), { recursive: true })
    }
    await write('mine/kustomization.yaml', stringify(mine))
  })
}

/** Writes a file of the copy. */
export async function write(name: string, text: string): Promise<void> {
  await cp(join(CHECKOUT, 'k8s/base/kustomization.yaml'), join(folder, name), { recursive: true })
  await writeFile(join(folder, name), text)
}

/** Replaces `old` in a file, and returns its "file:line". */
export async function edit(name: string, old: string, replacement: string): Promise<string> {
  const text = await readFile(join(folder, name), 'utf8')
  expect(text).toContain(old)
  await writeFile(join(folder, name), text.replace(old, replacement))
  return `${name}:${text.slice(0, text.indexOf(old)).split('\n').length}`
}

/** Runs the program. `found` has its lines without messages. */
export async function analyze(files: string, kubeconfig?: string) {
  const env = { ...process.env, FILES: join(folder, files) }
  const { code, stdout, stderr } = await tryRun('node', [program], {
    cwd: folder,
    env: kubeconfig === undefined ? env : { ...env, KUBECONFIG: kubeconfig },
  })
  const found = stdout.split('\n').filter((line) => line !== '')
  return { code, stderr, stdout, found: found.map((line) => line.replace(/\] .*/, ']')) }
}
