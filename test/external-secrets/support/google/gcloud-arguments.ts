// The commands and arguments of gcloud, for machines without it. A public package for completion in shells has them.
import { hash } from 'node:crypto'
import { mkdtempDisposable, readFile, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { run } from '../../../../tools/cli/exec.ts'
import { cached } from '../../../../tools/local-cluster/programs/cache.ts'

const version = '2.692.3'
const name = `@withfig/autocomplete@${version}`
const integrity =
  'sha512-zxN7K8W+qWGc2ejWksd92xwAyCZ0faHvnk3c7jUoWkkk5e5iQf3/4mOLheFvYLoUWR5a36571VJ1DdyxmAWJZA=='
const file = 'package/build/gcloud/secrets.js'

const oneOrMore = z.union([z.unknown().array(), z.unknown()]).transform((value) => [value].flat())
const option = z.object({ name: z.string(), args: oneOrMore.optional() })
const command = z.object({
  name: z.string(),
  args: oneOrMore.optional(),
  options: z.array(option).default([]),
  get subcommands() {
    return z.array(command).default([])
  },
})
export type Command = z.infer<typeof command>

/** Returns what `gcloud secrets` knows, with what is below it. */
export async function fetchSecretsCommand(): Promise<Command> {
  const folder = await cached(`programs/gcloud-arguments-${version}`, async (target) => {
    await using temporary = await mkdtempDisposable(join(tmpdir(), 'secure-signing-'))
    const { path } = temporary
    const archive = join(path, (await run('npm', ['pack', '--silent', name], { cwd: path })).trim())
    const found = `sha512-${hash('sha512', await readFile(archive), 'base64')}`
    if (found !== integrity) throw new Error(`${name} has the hash ${found}`)
    await run('tar', ['-xzf', archive, '-C', path, file])
    await rename(join(path, file), join(target, 'secrets.mjs'))
  })
  const module = await import(pathToFileURL(join(folder, 'secrets.mjs')).href)
  return command.parse(module.default)
}

/** Returns what gcloud refuses of the words after `gcloud secrets`, or undefined. */
export function findMistake(known: Command, words: readonly string[]): string | undefined {
  const [first = '', ...rest] = words
  const next = known.subcommands.find((each) => each.name === first)
  if (next !== undefined) return findMistake(next, rest)
  if (known.subcommands.length > 0) return `no command ${first}`
  let positionals = 0
  for (let at = 0; at < words.length; at++) {
    const [flag = '', value] = words[at]?.split('=', 2) ?? []
    if (!flag.startsWith('--')) {
      positionals++
      continue
    }
    const found = known.options.find((each) => each.name === flag)
    if (found === undefined) return `no argument ${flag}`
    if (found.args !== undefined && value === undefined) at++
    if (at >= words.length) return `no value of ${flag}`
  }
  const wanted = known.args?.length ?? 0
  return positionals === wanted ? undefined : `${positionals} words, not ${wanted}`
}
