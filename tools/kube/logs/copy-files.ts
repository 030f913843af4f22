// Copies the log files of one container, while kubelet may rotate, compress and remove them.
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runToFile } from '../../cli/run-to-file.ts'
import { listFolder, sortFiles } from './node-files.ts'

/** kubelet rotates a file every 10 s at most. */
const maxRounds = 5

/** `from`: the container's folder at the API server. Returns the names that were copied, and what could not be. */
export async function copyFiles(
  from: string,
  to: string,
  list = listFolder,
  fetchFile = fetchRaw,
): Promise<{ names: string[]; problems: string[] }> {
  const copied = new Set<string>()
  let failed = new Map<string, string>()
  for (let round = 0; round < maxRounds; round += 1) {
    const present = sortFiles(await list(from))
    // A file that kubelet compresses keeps its content, so the copy of one form is enough.
    const wanted = present.filter((name) => isMissing(name, copied))
    if (wanted.length === 0) break
    // After a rotation the newest file has other content.
    const newest = round === 0 ? [] : present.filter((name) => isNewest(name) && copied.has(name))
    failed = new Map([...failed].filter(([name]) => isMissing(name, copied)))
    for (const name of [...wanted, ...newest]) {
      const problem = await fetchFile(`${from}/${name}`, join(to, name))
      if (problem === undefined) copied.add(name)
      else failed.set(name, problem)
    }
  }
  const problems = [...failed].filter(([name]) => isMissing(name, copied))
  return { names: sortFiles([...copied]), problems: problems.map((each) => each.join(': ')) }
}

function isNewest(name: string): boolean {
  return name.endsWith('.log')
}

function isMissing(name: string, copied: ReadonlySet<string>): boolean {
  return !copied.has(name) && !copied.has(name.replace(/\.gz$/, '')) && !copied.has(`${name}.gz`)
}

/** Returns why it failed. A failed copy leaves no file, and an earlier copy stays. */
async function fetchRaw(from: string, to: string): Promise<string | undefined> {
  const part = `${to}.part`
  const { code, stderr } = await runToFile('kubectl', ['get', '--raw', from], part)
  if (code === 0) {
    await rename(part, to)
    return undefined
  }
  await rm(part, { force: true })
  return stderr.trim() || `kubectl ended with ${code}`
}
