// Resolves the modules of a set of Go programs in another version than the pinned one. Go's checksum database verifies them.
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { readText } from '../../cli/checkout.ts'
import { CommandError } from '../../cli/exec.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { cached, keyOf } from './cache.ts'
import { go } from './go.ts'

/** What Go prints for a module that the proxy does not serve. */
const notServed = /(\S+)@(v[^\s:]+): (?:invalid version: )?reading \S+: 4(?:03|04|10)/g
const wholeVersion = /^v\d+\.\d+\.\d+(-[\w.-]+)?$/
const replacement = /^replace (\S+) => \S+ (\S+)$/gm

/**
 * Resolves the tools of `pinned`/go.mod with `module` in version `wanted`: a version, a commit or a tag. Returns a folder of the
 * cache with go.mod and go.sum. Throws UserError if Go's proxy has no such version.
 */
export async function resolveSet(pinned: string, module: string, wanted: string): Promise<string> {
  const version = wholeVersion.test(wanted) ? wanted : await findVersion(module, wanted)
  const goMod = await readText(join(pinned, 'go.mod'))
  const name = `modules/${basename(pinned)}-${version}-${keyOf(goMod)}`
  const folder = await cached(name, async (folder) => {
    const head = goMod.slice(0, goMod.indexOf('require ('))
    await writeFile(join(folder, 'go.mod'), `${head}require ${module} ${version}\n`)
    await resolve(folder, goMod, `${module}@${version}`)
  })
  const resolved = await readFile(join(folder, 'go.mod'), 'utf8')
  for (const [, other, standIn] of resolved.matchAll(replacement)) {
    say(
      `  note  Go's proxy does not serve the version of ${other} that ${module} names. It is ${standIn} instead.`,
    )
  }
  return folder
}

async function findVersion(module: string, wanted: string): Promise<string> {
  const query = `${module}@${wanted}`
  try {
    return (await go(tmpdir(), ['list', '-m', '-f', '{{.Version}}', query], { mod: 'mod' })).trim()
  } catch (error) {
    if (error instanceof CommandError) throw refuse(query, error)
    throw error
  }
}

/** Lets Go write go.mod and go.sum. Gives each module that the proxy does not serve a stand-in, until none is missing. */
async function resolve(folder: string, pinned: string, subject: string): Promise<void> {
  const replaced = new Set<string>()
  for (;;) {
    try {
      await go(folder, ['list', '-deps', 'tool'], { mod: 'mod' })
      return
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      const missing = [...error.result.stderr.matchAll(notServed)]
      const others = new Map(missing.map(([, module = '', version = '']) => [module, version]))
      for (const module of replaced) others.delete(module)
      if (others.size === 0 || others.has(subject.split('@')[0] ?? '')) throw refuse(subject, error)
      for (const [module, version] of others) {
        const standIn = (await findRelease(module, version)) ?? findPinned(pinned, module)
        if (standIn === undefined) throw refuse(subject, error)
        await go(folder, ['mod', 'edit', '-replace', `${module}=${module}@${standIn}`])
        replaced.add(module)
      }
    }
  }
}

/** Returns the newest release of the same minor version that is not older, if the proxy serves one. */
async function findRelease(module: string, version: string): Promise<string | undefined> {
  const { line, patch } = readVersion(version)
  if (line === 'v0.0.') return undefined
  const query = ['list', '-m', '-versions', module]
  const listed = await go(tmpdir(), query, { mod: 'mod' }).catch(() => '')
  return listed
    .trim()
    .split(' ')
    .filter((each) => !each.includes('-'))
    .findLast((each) => readVersion(each).line === line && readVersion(each).patch >= patch)
}

/** "v1.30.4-0.20260824163423-69099aec2678" comes before v1.30.4. */
function readVersion(version: string): { line: string; patch: number } {
  const [, line = '', patch = '0'] = /^(v\d+\.\d+\.)(\d+)/.exec(version) ?? []
  return { line, patch: Number(patch) }
}

function findPinned(goMod: string, module: string): string | undefined {
  const line = goMod.split('\n').find((each) => each.trim().startsWith(`${module} v`))
  return line?.trim().split(' ')[1]
}

function refuse(subject: string, error: CommandError): UserError {
  const lines = error.result.stderr.trim().split('\n')
  const said = lines
    .filter((line) => !line.startsWith('go: downloading '))
    .slice(0, 3)
    .join('\n')
  return new UserError(
    `Go's proxy cannot provide ${subject}:\n${said}`,
    'Give a version, commit or tag that it serves, for example ISTIO=v0.0.0-20260826214018-9739e10eb9d7.',
  )
}
