// A cache entry is a folder with the SHA-256 of each file, which is verified before each use. It is never incomplete.
import { createHash, hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { say, step } from '../../cli/terminal.ts'
import { CACHE } from '../paths.ts'

const SUMS = 'SHA256SUMS'

/** Returns 12 hexadecimal digits of the SHA-256 of all parts. It identifies what is built from them. */
export function keyOf(...parts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex').slice(0, 12)
}

/**
 * Returns the folder of cache entry `name`. Builds it if it is absent or damaged. `build` fills a temporary folder, which then
 * moves to its place.
 */
export async function cached(
  name: string,
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(CACHE, name)
  const damage = await findDamage(folder)
  if (damage === undefined) return folder
  say(
    `  …     building ${name}${damage === 'absent' ? '' : `, because the cached folder ${damage}`}`,
  )
  await rm(folder, { recursive: true, force: true })
  await removeAbandoned(folder)
  // Each process has its own folder, so two builds at once never mix.
  const partial = `${folder}.partial-${process.pid}`
  await mkdir(partial, { recursive: true })
  try {
    await step(`${name} built`, () => build(partial))
    await writeFile(join(partial, SUMS), formatSums(await sumFiles(partial)))
    await rename(partial, folder)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    // Another process may have built it meanwhile.
    if ((await findDamage(folder)) !== undefined) throw error
  }
  return folder
}

/** Says whether `cached` has built entry `name`, without a check of its content. */
export async function isCached(name: string): Promise<boolean> {
  return (await stat(join(CACHE, name)).catch(() => undefined)) !== undefined
}

/** Removes the folders of interrupted builds, whose process has ended. */
async function removeAbandoned(folder: string): Promise<void> {
  const parent = dirname(folder)
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = /^(.*)\.partial-(\d+)$/.exec(name)
    const isOurs = pid?.[1] === basename(folder)
    if (!isOurs || (await stat(`/proc/${pid[2]}`).catch(() => undefined))) continue
    await rm(join(parent, name), { recursive: true, force: true })
  }
}

async function findDamage(folder: string): Promise<string | undefined> {
  let expected: string
  try {
    expected = await readFile(join(folder, SUMS), 'utf8')
  } catch {
    return (await stat(folder).catch(() => undefined)) === undefined ? 'absent' : 'has no checksums'
  }
  return formatSums(await sumFiles(folder)) === expected
    ? undefined
    : 'does not match its checksums'
}

async function sumFiles(folder: string): Promise<[path: string, sum: string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name !== SUMS)
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  // Synchronous reads of whole files take a third of the time of streams. Each start waits for this.
  return paths.map((path) => [relative(folder, path), hash('sha256', readFileSync(path))])
}

function formatSums(sums: readonly [path: string, sum: string][]): string {
  return sums.map(([path, sum]) => `${sum}  ${path}\n`).join('')
}
