// The logs to verify: files, folders and standard input.
import { createReadStream } from 'node:fs'
import { glob, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { showPath } from '../../cli/checkout.ts'
import { UserError } from '../../cli/terminal.ts'
import { sortFiles } from '../../kube/logs/node-files.ts'

/** `name`: how messages call it. */
export type LogFile = { name: string; open: () => AsyncIterable<Buffer> }
/** The files of one log, the oldest first. `readAt`: it has all lines that the signer wrote before, in ms since 1970. */
export type Log = { files: LogFile[]; readAt: number }

/** A copy of a log ends before its file was last written. */
const COPY_MS = 30_000

/** Finds what FILES names. Throws UserError if a path does not exist. */
export async function findLogs(files: string): Promise<Log[]> {
  const paths = (await exists(files)) ? [files] : files.split(/\s+/).filter((each) => each !== '')
  const found = await Promise.all(paths.map(findPath))
  return groupRotated([...new Set(found.flat())])
}

/** Returns the logs of all files in a folder. Their names begin below it. */
export async function findLogsIn(folder: string, readAt: number): Promise<Log[]> {
  const logs = await groupRotated(await listFolder(folder), (path) => path.slice(folder.length + 1))
  return logs.map((log) => ({ ...log, readAt }))
}

async function findPath(path: string): Promise<string[]> {
  if (path === '-') return [path]
  if (/[*?[{]/.test(path) && !(await exists(path))) {
    const found = await Array.fromAsync(glob(path))
    if (found.length > 0) return (await Promise.all(found.map(findPath))).flat()
  }
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(
      `cannot read ${path}: ${error.code}`,
      'Set FILES to files or folders with logs of the signer, or to - for standard input.',
    )
  })
  return stats.isDirectory() ? listFolder(resolve(path)) : [resolve(path)]
}

/** A link to a file counts as the file, as in /var/log/containers. */
async function listFolder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name))
  const areFiles = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        (stats) => stats.isFile(),
        () => false,
      ),
    ),
  )
  return paths.filter((_, index) => areFiles[index]).sort()
}

/** kubelet's 0.log.20261129-120000 and 0.log are one log, and 1.log is that of the next container. */
async function groupRotated(paths: readonly string[], name = showPath): Promise<Log[]> {
  const groups = Map.groupBy(paths, (path) => {
    const number = /^(\d+)\.log(?:$|\.\d{8}-\d{6})/.exec(basename(path))?.[1]
    return number === undefined ? path : join(dirname(path), `${number}.log`)
  })
  return Promise.all([...groups.values()].map((group) => describeLog(group, name)))
}

async function describeLog(paths: string[], name: (path: string) => string): Promise<Log> {
  if (paths[0] === '-') {
    const stdin = { name: 'stdin', open: () => process.stdin as AsyncIterable<Buffer> }
    return { files: [stdin], readAt: Date.now() - COPY_MS }
  }
  const times = await Promise.all(paths.map(async (path) => (await stat(path)).mtimeMs))
  const files = sortByAge(paths).map((path) => ({
    name: name(path),
    open: () => createReadStream(path) as AsyncIterable<Buffer>,
  }))
  return { files, readAt: Math.max(...times) - COPY_MS }
}

function sortByAge(paths: readonly string[]): readonly string[] {
  const [path = ''] = paths
  if (paths.length === 1) return paths
  const names = sortFiles(paths.map((each) => basename(each)))
  // While kubelet compresses a file, both forms are there.
  return names
    .filter((each) => !each.endsWith('.gz') || !names.includes(each.slice(0, -3)))
    .map((each) => join(dirname(path), each))
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
