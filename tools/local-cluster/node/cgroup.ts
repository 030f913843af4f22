// The cgroup of this checkout's Pods, in every hierarchy. cgroup v2 has one hierarchy, v1 has one for each controller.
import { mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../cli/terminal.ts'

const MOUNT = '/sys/fs/cgroup'
/** kubelet refuses a cgroup without those of them that the kernel has. systemd hands down only what its own units use. */
const neededControllers = ['cpu', 'cpuset', 'memory', 'hugetlb', 'pids']

/** Lists the folders of all hierarchies of this machine. */
async function listHierarchies(mount = MOUNT): Promise<string[]> {
  const isHierarchy = (folder: string) => stat(join(folder, 'cgroup.procs')).catch(() => undefined)
  if (await isHierarchy(mount)) return [mount]
  const entries = await readdir(mount)
  const found = await Promise.all(
    entries.map(async (entry) => ((await isHierarchy(join(mount, entry))) ? entry : [])),
  )
  return found.flat().map((entry) => join(mount, entry))
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
export async function makeCgroup(name: string, mount = MOUNT): Promise<void> {
  for (const hierarchy of await listHierarchies(mount)) {
    await handDownControllers(hierarchy)
    const folder = join(hierarchy, name)
    await mkdir(folder, { recursive: true })
    await setIfThere(join(folder, 'cpu.shares'), 4 * 1_024)
    await setIfThere(join(folder, 'cpu.weight'), 4 * 100)
  }
}

/** In cgroup v2, a cgroup has a controller only if its parent hands it down. In v1, there is nothing to do. */
async function handDownControllers(folder: string): Promise<void> {
  const available = await readControllers(folder, 'cgroup.controllers')
  const handedDown = await readControllers(folder, 'cgroup.subtree_control')
  const missing = neededControllers.filter(
    (each) => available.includes(each) && !handedDown.includes(each),
  )
  if (missing.length === 0) return
  const change = missing.map((each) => `+${each}`).join(' ')
  const file = join(folder, 'cgroup.subtree_control')
  await writeFile(file, change).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(
      `the kernel does not hand the cgroup controllers ${missing.join(', ')} down to Pods: writing "${change}" to ${file} fails with ${error.code}`,
      'In a container, EBUSY means that processes are in its first cgroup. Use a physical machine or a VM.',
    )
  })
}

async function readControllers(folder: string, file: string): Promise<string[]> {
  const text = await readFile(join(folder, file), 'utf8').catch(() => '')
  return text.split(/\s+/).filter(Boolean)
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
