// Images in the node's containerd. A file in the cluster's state records the content of each imported image, so that a start
// imports only new content.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { step } from '../../cli/terminal.ts'
import { type Node, runInNode } from '../node/node-process.ts'
import { STATE } from '../paths.ts'

const MARKS = join(STATE, 'imported')

/** Imports `archive`, a path in the node, as `reference`, unless the same `content` was imported before. */
export async function importImage(
  node: Node,
  reference: string,
  content: string,
  archive: string,
): Promise<void> {
  if (await isImported(reference, content)) return
  await step(`image ${reference} imported`, () =>
    runInNode(node, ['ctr', '--namespace', 'k8s.io', 'images', 'import', archive]),
  )
  await mkdir(MARKS, { recursive: true })
  await writeFile(markOf(reference), content)
}

export async function isImported(reference: string, content: string): Promise<boolean> {
  return (await readFile(markOf(reference), 'utf8').catch(() => '')) === content
}

function markOf(reference: string): string {
  return join(MARKS, encodeURIComponent(reference))
}
