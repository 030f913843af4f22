// The cgroup of this checkout's Pods, in every hierarchy. cgroup v2 has one hierarchy, v1 has one for each controller.
import { mkdir, readdir, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const MOUNT = '/sys/fs/cgroup'

/** Lists the folders of all hierarchies of this machine. */
async function listHierarchies(): Promise<string[]> {
  const isHierarchy = (folder: string) => stat(join(folder, 'cgroup.procs')).catch(() => undefined)
  if (await isHierarchy(MOUNT)) return [MOUNT]
  const entries = await readdir(MOUNT)
  const found = await Promise.all(
    entries.map(async (entry) => ((await isHierarchy(join(MOUNT, entry))) ? entry : [])),
  )
  return found.flat().map((entry) => join(MOUNT, entry))
}

/** Removes the cgroup `name` from every hierarchy. Its processes must have ended. */
export async function removeCgroup(name: string): Promise<void> {
  for (const hierarchy of await listHierarchies()) await removeTree(join(hierarchy, name))
}

export async function listCgroups(name: string): Promise<string[]> {
  const paths = (await listHierarchies()).map((hierarchy) => join(hierarchy, name))
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)))
  return paths.filter((_, index) => found[index] !== undefined)
}

/**
 * Creates the cgroup `name` in every hierarchy, because kubelet creates cgroups only below an existing one. The Pods get four
 * times the CPU weight. Otherwise all of them together would get only as much as one other program, such as a compiler.
 */
export async function makeCgroup(name: string): Promise<void> {
  for (const hierarchy of await listHierarchies()) {
    const folder = join(hierarchy, name)
    await mkdir(folder, { recursive: true })
    await setIfThere(join(folder, 'cpu.shares'), 4 * 1_024)
    await setIfThere(join(folder, 'cpu.weight'), 4 * 100)
  }
}

/** Skips files of the other cgroup version and of controllers that this hierarchy does not have. */
async function setIfThere(file: string, value: number): Promise<void> {
  if (await stat(file).catch(() => undefined)) await writeFile(file, String(value))
}

async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name))
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}
