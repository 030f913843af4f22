// Collects the logs of Pods into a folder: every container, every instance and every rotated file that kubelet still has.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { forEachAtMost } from '../../cli/at-most.ts'
import { runToFile } from '../../cli/run-to-file.ts'
import { copyFiles } from './copy-files.ts'
import type { LoggedContainer, LoggedPod } from './logged-pods.ts'
import { findLogFolder, folderOf, listFolder } from './node-files.ts'

/** kubelet removes the oldest file of a busy container after each 10 MiB, so many Pods do not wait for each other. */
const podsAtOnce = 8

/** One copied file. `path` starts at the folder. */
export type CollectedLog = { pod: string; container: string; path: string }
/** What is missing, why, and for which container. `isPartial`: something of this container was read. */
export type LogProblem = { pod: string; container: string; problem: string; isPartial: boolean }
export type Collected = { logs: CollectedLog[]; problems: LogProblem[] }

/**
 * Writes FOLDER/NAMESPACE_POD_UID/CONTAINER/FILE, with the bytes and names of kubelet's files. Where the API server's proxy to the
 * node gives none, FILE is N.kubectl.log with the lines of `kubectl logs`, N being the restarts before that instance.
 */
export async function collectLogs(
  pods: readonly LoggedPod[],
  folder: string,
  isWanted: (container: string) => boolean = () => true,
): Promise<Collected> {
  const all: Collected[] = []
  await forEachAtMost(podsAtOnce, pods, async (pod) => {
    const source = await openSource(pod)
    for (const container of pod.containers.filter(({ name }) => isWanted(name))) {
      all.push(await collectContainer(pod, container, source, folder))
    }
  })
  return {
    logs: all.flatMap(({ logs }) => logs),
    problems: all.flatMap(({ problems }) => problems),
  }
}

/** The folders of a Pod's containers at the API server, or why there are none. */
type Source = { path: string; containers: string[] } | { problem: string }

async function openSource(pod: LoggedPod): Promise<Source> {
  if (pod.node === undefined) return { problem: 'the Pod has no node yet' }
  try {
    const path = `${await findLogFolder(pod.node)}/${folderOf(pod)}`
    const names = await listFolder(path)
    return { path, containers: names.map((name) => name.replace(/\/$/, '')) }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

async function collectContainer(
  pod: LoggedPod,
  container: LoggedContainer,
  source: Source,
  folder: string,
): Promise<Collected> {
  const place = { pod: pod.name, container: container.name }
  const inside = join(folderOf(pod), container.name)
  await mkdir(join(folder, inside), { recursive: true, mode: 0o700 })
  const toLogs = (names: readonly string[]) =>
    names.map((name) => ({ ...place, path: join(inside, name) }))
  const copied = await copyFromNode(source, container.name, join(folder, inside))
  const { names, problems } = copied
  if (names.length > 0) {
    const rest = problems.map((problem) => ({ ...place, problem, isPartial: true }))
    return { logs: toLogs(names), problems: rest }
  }
  // A container that has not started has no log.
  if (container.restarts === undefined && problems.length === 0) return { logs: [], problems: [] }
  const { read, missing } = await readByKubectl(pod, container, join(folder, inside))
  const why = `${problems.join('. ')}. Files that kubelet has rotated are not included`
  const lacking = [why, ...missing].map((problem) => ({
    ...{ ...place, problem, isPartial: read.length > 0 },
  }))
  return { logs: toLogs(read), problems: lacking }
}

async function copyFromNode(source: Source, container: string, to: string) {
  if ('problem' in source) return { names: [], problems: [source.problem] }
  if (!source.containers.includes(container)) return { names: [], problems: [] }
  try {
    return await copyFiles(`${source.path}/${container}`, to)
  } catch (error) {
    return { names: [], problems: [error instanceof Error ? error.message : String(error)] }
  }
}

/** Reads the newest file of the running instance, and of the one before. */
async function readByKubectl(pod: LoggedPod, { name, restarts = 0 }: LoggedContainer, to: string) {
  const read: string[] = []
  const missing: string[] = []
  for (const [instance, options] of [
    ...(restarts > 0 ? [[restarts - 1, ['--previous']] as const] : []),
    [restarts, []] as const,
  ]) {
    const file = `${instance}.kubectl.log`
    const args = ['logs', '-n', pod.namespace, pod.name, '-c', name, '--timestamps', ...options]
    const { code, stderr } = await runToFile('kubectl', args, join(to, file))
    if (code === 0) {
      read.push(file)
      continue
    }
    await rm(join(to, file), { force: true })
    missing.push(`kubectl ${args.join(' ')}: ${stderr.trim()}`)
  }
  return { read, missing }
}
