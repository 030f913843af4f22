// Compiles the Go programs that `programs/*/go.mod` pin. go.sum verifies the sources, SHA256SUMS the results.
import { copyFile, readdir, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { readText } from '../../cli/checkout.ts'
import { step } from '../../cli/terminal.ts'
import { cached, isCached, keyOf } from './cache.ts'
import { compile } from './compile.ts'
import { go } from './go.ts'
import { resolveSet } from './other-version.ts'
import { formatTag, type Recipe, recipes } from './program-recipes.ts'

const goMod = z.object({
  Require: z.array(z.object({ Path: z.string(), Version: z.string() })),
})

/** `folder` contains the programs. `tag` is their version in the form of an image tag. */
export type Built = { folder: string; tag: string }
export type SetName = keyof typeof recipes
export type Programs = Record<'etcd' | 'kubernetes' | 'coredns', Built>

/**
 * Downloads the sources of the sets that are not in the cache. Compiling does this too, but one set after the other, and a fault of
 * the network shows late.
 */
export async function fetchSources(names: readonly SetName[]): Promise<void> {
  await Promise.all(
    names.map(async (name) => {
      const cwd = join(import.meta.dirname, name)
      if (await isCached((await describe(cwd, recipes[name], name)).entry)) return
      await step(`sources of ${name} downloaded`, () => go(cwd, ['list', '-deps', 'tool']))
    }),
  )
}

/** Compiles the programs of Kubernetes that are not in the cache. This takes minutes if the cache is empty. */
export async function buildPrograms(): Promise<Programs> {
  // One at a time, because one Go build uses every core.
  return {
    etcd: await build('etcd'),
    kubernetes: await build('kubernetes'),
    coredns: await build('coredns'),
  }
}

/** Compiles Istio, as buildPrograms does. `other` is a version in place of the pinned one. */
export function buildIstio(other?: string): Promise<Built> {
  return other === undefined ? build('istio') : buildOtherIstio(other)
}

/** Compiles Vault, and returns the folder with the program. */
export async function buildVault(): Promise<string> {
  return (await build('vault')).folder
}

function build(name: SetName): Promise<Built> {
  return buildSet(join(import.meta.dirname, name), recipes[name])
}

async function buildOtherIstio(version: string): Promise<Built> {
  const folder = await resolveSet(join(import.meta.dirname, 'istio'), recipes.istio.module, version)
  return buildSet(folder, recipes.istio, 'istio')
}

/** Compiles the tools of `cwd`/go.mod, unless they are in the cache, and copies the files of the recipe beside them. */
export async function buildSet(
  cwd: string,
  recipe: Recipe,
  name: string = basename(cwd),
): Promise<Built> {
  const { module, names = {}, files = [] } = recipe
  const { version, entry, flags } = await describe(cwd, recipe, name)
  const folder = await cached(entry, async (target) => {
    await go(cwd, ['mod', 'download', module])
    const source = (await go(cwd, ['list', '-m', '-f', '{{.Dir}}', module])).trim()
    for (const file of files) await copyFile(join(source, file), join(target, basename(file)))
    await compile(name, cwd, target, flags(await formatTag(version, target)))
    for (const [from, to] of Object.entries(names)) {
      await rename(join(target, from), join(target, to))
    }
  })
  return { folder, tag: await formatTag(version, folder) }
}

/** Returns the version of a set, its name in the cache, and the flags of its compilation, which need the tag of the version. */
async function describe(cwd: string, { module, variables, tags = [] }: Recipe, name: string) {
  const { Require } = goMod.parse(JSON.parse(await go(cwd, ['mod', 'edit', '-json'])))
  const version = Require.find(({ Path }) => Path === module)?.Version
  if (version === undefined) throw new Error(`${cwd}/go.mod does not require ${module}`)
  const ldflags = (tag: string) => {
    const settings = Object.entries(variables?.(version, tag) ?? {})
    return ['-s -w', ...settings.map(([key, value]) => `-X ${key}=${value}`)].join(' ')
  }
  const sources = (await readdir(cwd)).filter((file) => /\.(mod|sum|go)$/.test(file)).sort()
  const key = keyOf(
    ...(await Promise.all(sources.map((file) => readText(join(cwd, file))))),
    await go(cwd, ['env', 'GOVERSION']),
    // The source, which has the tag, is needed only to build.
    ldflags(version),
    ...tags,
  )
  return {
    version,
    entry: `programs/${name}-${version}-${key}`,
    flags: (tag: string) => ['-ldflags', ldflags(tag), '-tags', tags.join()],
  }
}
