// A copy of the resources that a test changes, and `make analyze` on it.
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { beforeEach, expect } from 'vitest'
import { stringify } from 'yaml'
import { readSubject } from '../../tools/analyze/read-subject.ts'
import type { RuleFinding } from '../../tools/analyze/rule.ts'
import { formatFindings, locateFindings } from '../../tools/analyze/source/locate.ts'
import type { Subject } from '../../tools/analyze/subject.ts'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { type RunResult, tryRun } from '../../tools/cli/exec.ts'
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
  transformers: ['../k8s/overlays/default/released-image'],
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
export async function write(name: string, text: string | Uint8Array): Promise<void> {
  await cp(join(CHECKOUT, 'k8s/frontend/kustomization.yaml'), join(folder, name), {
    recursive: true,
  })
  await writeFile(join(folder, name), text)
}

/** Replaces `old` in a file, and returns its "file:line". */
export async function edit(name: string, old: string, replacement: string): Promise<string> {
  const text = await readFile(join(folder, name), 'utf8')
  expect(text).toContain(old)
  await writeFile(join(folder, name), text.replace(old, replacement))
  return `${name}:${text.slice(0, text.indexOf(old)).split('\n').length}`
}

/** Runs the program on `mine`. */
export function runAnalyze(kubeconfig = process.env.KUBECONFIG): Promise<RunResult> {
  const env = { ...process.env, FILES: join(folder, 'mine'), KUBECONFIG: kubeconfig }
  return tryRun('node', [program], { cwd: folder, env })
}

/** Reads files of the copy in this process, because the program starts slowly. */
export async function read(files: string): Promise<Subject> {
  return readSubject(join(folder, files), await makeFolder())
}

/** Returns the lines of the report, without messages. Files are relative to the copy. */
export async function report(subject: Subject, found: readonly RuleFinding[]): Promise<string[]> {
  const unread = subject.unread.map((each) => ({ ...each, rule: 'yaml' }))
  const text = formatFindings([...unread, ...(await locateFindings(subject, found))])
  return listPlaces(text.replaceAll(`${relative('', folder)}/`, ''))
}

/** Returns the lines of a report, without messages. */
export function listPlaces(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => line.replace(/\] .*/, ']'))
}
