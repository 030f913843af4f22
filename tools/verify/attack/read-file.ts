// Reads a file of a container with whatever program its image has.
import { tryRun } from '../../cli/exec.ts'
import { type Container, execIn, hasNode } from './containers.ts'
import { BATCH_MS } from './timeouts.ts'

const python = 'import sys; print(open(sys.argv[1], "rb").read().hex())'

/** Returns undefined if the image has no program that can read it. */
export async function readFileIn(from: Container, path: string): Promise<Buffer | undefined> {
  const node = from.node ?? '/nodejs/bin/node'
  const readers = [
    ...(hasNode(from) ? [[node, '-p', `fs.readFileSync(${JSON.stringify(path)}, "hex")`]] : []),
    ['od', '-An', '-v', '-tx1', path],
    ['python3', '-c', python, path],
  ]
  for (const reader of readers) {
    const { code, stdout } = await tryRun('kubectl', [...execIn(from), ...reader], {
      timeoutMs: BATCH_MS,
    })
    if (code === 0) return Buffer.from(stdout.replace(/\s/g, ''), 'hex')
  }
  return undefined
}
