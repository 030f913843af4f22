// Images in the node's containerd. A mark in the state says which content was imported, so that a start imports nothing
// again, and a name with new content is noticed.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { step } from '../../cli/terminal.ts'
import { type Node, runInNode } from '../node/node-process.ts'
import { STATE } from '../paths.ts'

const MARKS = join(STATE, 'imported')

/** Imports `archive` (a path that the node sees) as `reference`, unless it was with the same `content` before. */
export async function importImage(
  node: Node,
  reference: string,
  content: string,
  archive: string,
): Promise<void> {
  if (await isImported(reference, content)) return
  await step(`import ${reference}`, () =>
    runInNode(node, ['ctr', '--namespace', 'k8s.io', 'images', 'import', archive]),
  )
  await mkdir(MARKS, { recursive: true })
  await writeFile(markOf(reference), content)
}

/** True if `reference` was imported with this content. */
export async function isImported(reference: string, content: string): Promise<boolean> {
  return (await readFile(markOf(reference), 'utf8').catch(() => '')) === content
}

function markOf(reference: string): string {
  return join(MARKS, encodeURIComponent(reference))
}
