// The file system of an image: its layers, one over the other. And the ELF files in it.
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../../tools/cli/exec.ts'
import { readMachine } from '../../../tools/images/machine.ts'
import { makeFolder } from '../folder.ts'

/** Unpacks `layers`, the lowest first, into a folder for as long as the test lasts. */
export async function unpackLayers(layers: readonly string[]): Promise<string> {
  const root = await makeFolder()
  for (const layer of layers) await run('tar', ['-xf', layer, '-C', root])
  return root
}

/** Counts the ELF files in `root` by their machine, for example {arm64: 40}. */
export async function countMachines(root: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((each) => each.isFile())) {
    await using file = await open(join(entry.parentPath, entry.name))
    const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0)
    if (buffer.readUInt32BE(0) !== 0x7f454c46) continue
    const machine = readMachine(buffer) ?? 'unknown'
    counts[machine] = (counts[machine] ?? 0) + 1
  }
  return counts
}
