// Compiles the Go programs that `programs/*/go.mod` pin. go.sum verifies the sources, SHA256SUMS the results.
import { copyFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { readText } from '../../cli/checkout.ts'
import { elapsed, say } from '../../cli/terminal.ts'
import { cached, keyOf } from './cache.ts'
import { go } from './go.ts'
import { resolveSet } from './other-version.ts'
import { formatTag, type Recipe, recipes } from './program-recipes.ts'

const PROGRESS_INTERVAL_MS = 15_000
const goMod = z.object({
  Require: z.array(z.object({ Path: z.string(), Version: z.string() })),
  Tool: z.array(z.object({ Path: z.string() })),
})

/** `folder` contains the programs. `tag` is their version in the form of an image tag. */
export type Built = { folder: string; tag: string }
export type Programs = Record<'etcd' | 'kubernetes' | 'coredns', Built>

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

function build(name: keyof typeof recipes): Promise<Built> {
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
  const { module, variables, tags = [], files = [] } = recipe
  const { Require, Tool } = goMod.parse(JSON.parse(await go(cwd, ['mod', 'edit', '-json'])))
  const version = Require.find(({ Path }) => Path === module)?.Version
  if (version === undefined) throw new Error(`${cwd}/go.mod does not require ${module}`)
  const ldflags = (tag: string) => {
    const settings = Object.entries(variables?.(version, tag) ?? {})
    return ['-s -w', ...settings.map(([key, value]) => `-X ${key}=${value}`)].join(' ')
  }
  const sources = ['go.mod', 'go.sum'].map((file) => readText(join(cwd, file)))
  const key = keyOf(
    ...(await Promise.all(sources)),
    await go(cwd, ['env', 'GOVERSION']),
    // The source, which has the tag, is needed only to build.
    ldflags(version),
    ...tags,
  )
  const folder = await cached(`programs/${name}-${version}-${key}`, async (target) => {
    await go(cwd, ['mod', 'download', module])
    const source = (await go(cwd, ['list', '-m', '-f', '{{.Dir}}', module])).trim()
    for (const file of files) await copyFile(join(source, file), join(target, basename(file)))
    const flags = ['-ldflags', ldflags(await formatTag(version, target)), '-tags', tags.join()]
    for (const { Path } of Tool) await compile(Path, cwd, target, flags)
  })
  return { folder, tag: await formatTag(version, folder) }
}

async function compile(
  tool: string,
  cwd: string,
  target: string,
  flags: readonly string[],
): Promise<void> {
  // `v3` at the end of a path is a version. etcd's executable is called `server` in its own tree.
  const name = tool.startsWith('go.etcd.io/etcd/') ? 'etcd' : basename(tool.replace(/[/]v\d+$/, ''))
  const start = performance.now()
  let packages = 0
  const progress = setInterval(
    () => say(`  …     ${name}: ${packages} packages compiled (${elapsed(start)})`),
    PROGRESS_INTERVAL_MS,
  )
  try {
    // -v prints a line for each compiled package. An interrupted build continues from Go's own cache.
    const args = ['build', '-v', ...flags, '-o', join(target, name), tool]
    const onStderr = (text: string) => {
      packages += text.split('\n').length - 1
    }
    await go(cwd, args, { onStderr })
  } finally {
    clearInterval(progress)
  }
  say(`  built ${name} (${elapsed(start)})`)
}
