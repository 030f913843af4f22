// The cgroup that holds this checkout's Pods, in every hierarchy: one on cgroup v2, one a controller on v1.
import { mkdir, readdir, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const MOUNT = '/sys/fs/cgroup'

/** Folders of every hierarchy of this machine. */
async function listHierarchies(): Promise<string[]> {
  const isHierarchy = (folder: string) => stat(join(folder, 'cgroup.procs')).catch(() => undefined)
  if (await isHierarchy(MOUNT)) return [MOUNT]
  const entries = await readdir(MOUNT)
  const found = await Promise.all(
    entries.map(async (entry) => ((await isHierarchy(join(MOUNT, entry))) ? entry : [])),
  )
  return found.flat().map((entry) => join(MOUNT, entry))
}

/** Removes the cgroup `name` everywhere, from the leaves up. Its processes must have ended. */
export async function removeCgroup(name: string): Promise<void> {
  for (const hierarchy of await listHierarchies()) await removeTree(join(hierarchy, name))
}

/** Paths of the cgroup `name` that are there. */
export async function listCgroups(name: string): Promise<string[]> {
  const paths = (await listHierarchies()).map((hierarchy) => join(hierarchy, name))
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)))
  return paths.filter((_, index) => found[index] !== undefined)
}

/**
 * Makes the cgroup `name` everywhere; kubelet makes its own only below one that is there. All Pods together would get as
 * much CPU time as any one program outside, while a compiler or the tests themselves run: they get four times that.
 */
export async function makeCgroup(name: string): Promise<void> {
  for (const hierarchy of await listHierarchies()) {
    const folder = join(hierarchy, name)
    await mkdir(folder, { recursive: true })
    await setIfThere(join(folder, 'cpu.shares'), 4 * 1_024)
    await setIfThere(join(folder, 'cpu.weight'), 4 * 100)
  }
}

/** `file` is of cgroup v1 or v2, or of a controller that is not in this hierarchy. */
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
