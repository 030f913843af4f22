// Compiles the Go programs that `programs/*/go.mod` pin. go.sum proves the sources, SHA256SUMS the results.
import { copyFile, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { run } from '../cli/exec.ts'
import { elapsed, say } from '../cli/terminal.ts'
import { cached, keyOf } from './cache.ts'
import { CHECKOUT } from './paths.ts'

const PROGRESS_INTERVAL_MS = 15_000
/** Istio's template of Envoy's configuration, which its images carry beside the programs. */
const ENVOY_BOOTSTRAP = 'tools/packaging/common/envoy_bootstrap.json'

/** Those that the cluster is made of. */
type ClusterSet = 'etcd' | 'kubernetes' | 'coredns' | 'istio'

/** What a set's go.mod does not say: the module whose version names the set, and how its programs tell that version. */
type Recipe = {
  module: string
  variables?: (version: string) => Record<string, string>
  /** Files of the module's source that go beside the programs. */
  files?: readonly string[]
}

const recipes: Record<ClusterSet | 'vault' | 'external-secrets' | 'kube-router', Recipe> = {
  etcd: { module: 'go.etcd.io/etcd/server/v3' },
  kubernetes: {
    module: 'k8s.io/kubernetes',
    variables: (version) => {
      const [major = '', minor = ''] = version.slice(1).split('.')
      const name = 'k8s.io/component-base/version'
      return {
        [`${name}.gitVersion`]: version,
        [`${name}.gitMajor`]: major,
        [`${name}.gitMinor`]: minor,
        [`${name}.gitTreeState`]: 'clean',
      }
    },
  },
  coredns: { module: 'github.com/coredns/coredns' },
  istio: {
    module: 'istio.io/istio',
    variables: (version) => ({ 'istio.io/istio/pkg/version.buildVersion': formatTag(version) }),
    files: [ENVOY_BOOTSTRAP],
  },
  // 1.21.1 is the last that compiles: what later ones ask of their own module sdk is in no released version of it.
  vault: { module: 'github.com/hashicorp/vault' },
  // 0.16.2 is the last whose program is in one module with all that it is made of.
  'external-secrets': {
    module: 'github.com/external-secrets/external-secrets',
    files: [
      'config/crds/bases/external-secrets.io_externalsecrets.yaml',
      'config/crds/bases/external-secrets.io_secretstores.yaml',
      'config/crds/bases/generators.external-secrets.io_generatorstates.yaml',
    ],
  },
  'kube-router': { module: 'github.com/cloudnativelabs/kube-router/v2' },
}

const goMod = z.object({
  Require: z.array(z.object({ Path: z.string(), Version: z.string() })),
  Tool: z.array(z.object({ Path: z.string() })),
})

/** `folder` holds the set's programs by name; `tag` is its version as an image tag takes it. */
type Built = { folder: string; tag: string }
export type Programs = Record<ClusterSet, Built>

/** Compiles what is not in the cache yet; takes minutes on an empty one. */
export async function buildPrograms(): Promise<Programs> {
  // One after the other: one Go build uses every core.
  return {
    etcd: await buildSet('etcd'),
    kubernetes: await buildSet('kubernetes'),
    coredns: await buildSet('coredns'),
    istio: await buildSet('istio'),
  }
}

/** Compiles HashiCorp Vault, which no cluster needs, unless it is in the cache; returns the program's path. */
export async function buildVault(): Promise<string> {
  return join((await buildSet('vault')).folder, 'vault')
}

/**
 * Compiles External Secrets' operator, likewise; returns the folder with the program `external-secrets` and the CRDs of
 * the kinds that it can't do without.
 */
export async function buildExternalSecrets(): Promise<string> {
  return (await buildSet('external-secrets')).folder
}

/** Compiles kube-router, which enforces NetworkPolicies, unless it is in the cache; returns the program's path. */
export async function buildKubeRouter(): Promise<string> {
  return join((await buildSet('kube-router')).folder, 'kube-router')
}

async function buildSet(name: keyof typeof recipes): Promise<Built> {
  const { module, variables, files = [] } = recipes[name]
  const cwd = join(CHECKOUT, 'cluster/programs', name)
  const { Require, Tool } = goMod.parse(JSON.parse(await go(cwd, ['mod', 'edit', '-json'])))
  const version = Require.find(({ Path }) => Path === module)?.Version
  if (version === undefined) throw new Error(`${cwd}/go.mod does not require ${module}`)
  const settings = Object.entries(variables?.(version) ?? {})
  const ldflags = ['-s -w', ...settings.map(([key, value]) => `-X ${key}=${value}`)].join(' ')
  const sources = ['go.mod', 'go.sum'].map((file) => readFile(join(cwd, file), 'utf8'))
  const key = keyOf(...(await Promise.all(sources)), await go(cwd, ['env', 'GOVERSION']), ldflags)
  const folder = await cached(`programs/${name}-${version}-${key}`, async (target) => {
    for (const { Path } of Tool) await compile(Path, cwd, target, ldflags)
    const source = (await go(cwd, ['list', '-m', '-f', '{{.Dir}}', module])).trim()
    for (const file of files) await copyFile(join(source, file), join(target, basename(file)))
  })
  return { folder, tag: formatTag(version) }
}

async function compile(tool: string, cwd: string, target: string, ldflags: string): Promise<void> {
  // `v3` at a path's end is a version, not a name; etcd's program is called `server` in its own tree.
  const name = tool.startsWith('go.etcd.io/etcd/') ? 'etcd' : basename(tool)
  const start = performance.now()
  let packages = 0
  const progress = setInterval(
    () => say(`  …     ${name}: ${packages} packages compiled (${elapsed(start)})`),
    PROGRESS_INTERVAL_MS,
  )
  try {
    // -v prints a line for each package that had to be compiled; an interrupted build goes on from Go's own cache.
    const args = ['build', '-v', '-ldflags', ldflags, '-o', join(target, name), tool]
    await go(cwd, args, (text) => {
      packages += text.split('\n').length - 1
    })
  } finally {
    clearInterval(progress)
  }
  say(`  built ${name} (${elapsed(start)})`)
}

/** "v1.35.4" → "1.35.4"; "v0.0.0-20260827124520-eed52ebb66ad", a commit of Istio's 1.31 line → "1.31-eed52ebb66ad". */
function formatTag(version: string): string {
  const commit = /^v0\.0\.0-\d{14}-([0-9a-f]{12})$/.exec(version)?.[1]
  return commit === undefined ? version.replace(/^v/, '') : `1.31-${commit}`
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
