// Compiles the Go programs that `programs/*/go.mod` pin. go.sum verifies the sources, SHA256SUMS the results.
import { copyFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { readText } from '../../cli/checkout.ts'
import { run } from '../../cli/exec.ts'
import { elapsed, say } from '../../cli/terminal.ts'
import { cached, keyOf } from './cache.ts'
import { formatTag, type Recipe, recipes } from './program-recipes.ts'

const PROGRESS_INTERVAL_MS = 15_000
const goMod = z.object({
  Require: z.array(z.object({ Path: z.string(), Version: z.string() })),
  Tool: z.array(z.object({ Path: z.string() })),
})

/** `folder` contains the programs. `tag` is their version in the form of an image tag. */
type Built = { folder: string; tag: string }
export type Programs = Record<Exclude<keyof typeof recipes, 'vault'>, Built>

/** Compiles the programs that are not in the cache. This takes minutes if the cache is empty. */
export async function buildPrograms(): Promise<Programs> {
  // One at a time, because one Go build uses every core.
  return {
    etcd: await build('etcd'),
    kubernetes: await build('kubernetes'),
    coredns: await build('coredns'),
    istio: await build('istio'),
  }
}

/** Compiles Vault, and returns the folder with the program. */
export async function buildVault(): Promise<string> {
  return (await build('vault')).folder
}

function build(name: keyof typeof recipes): Promise<Built> {
  return buildSet(join(import.meta.dirname, name), recipes[name])
}

/** Compiles the tools of `cwd`/go.mod, unless they are in the cache, and copies the files of the recipe beside them. */
export async function buildSet(cwd: string, recipe: Recipe): Promise<Built> {
  const { module, variables, tags = [], files = [] } = recipe
  const { Require, Tool } = goMod.parse(JSON.parse(await go(cwd, ['mod', 'edit', '-json'])))
  const version = Require.find(({ Path }) => Path === module)?.Version
  if (version === undefined) throw new Error(`${cwd}/go.mod does not require ${module}`)
  const settings = Object.entries(variables?.(version) ?? {})
  const ldflags = ['-s -w', ...settings.map(([key, value]) => `-X ${key}=${value}`)].join(' ')
  const sources = ['go.mod', 'go.sum'].map((file) => readText(join(cwd, file)))
  const key = keyOf(
    ...(await Promise.all(sources)),
    await go(cwd, ['env', 'GOVERSION']),
    ldflags,
    ...tags,
  )
  const folder = await cached(`programs/${basename(cwd)}-${version}-${key}`, async (target) => {
    for (const { Path } of Tool)
      await compile(Path, cwd, target, ['-ldflags', ldflags, '-tags', tags.join()])
    const source = (await go(cwd, ['list', '-m', '-f', '{{.Dir}}', module])).trim()
    for (const file of files) await copyFile(join(source, file), join(target, basename(file)))
  })
  return { folder, tag: formatTag(version) }
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
    await go(cwd, args, (text) => {
      packages += text.split('\n').length - 1
    })
  } finally {
    clearInterval(progress)
  }
  say(`  built ${name} (${elapsed(start)})`)
}

function go(
  cwd: string,
  args: readonly string[],
  onStderr?: (text: string) => void,
): Promise<string> {
  return run('go', args, {
    cwd,
    env: {
      ...process.env,
      CGO_ENABLED: '0',
      GOFLAGS: '-mod=readonly -trimpath -buildvcs=false',
      GOWORK: 'off',
    },
    ...(onStderr === undefined ? {} : { onStderr }),
  })
}
