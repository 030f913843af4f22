// How to build each set of Go programs, besides what its go.mod says.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Istio's template of Envoy's configuration, which its images contain. */
const ENVOY_BOOTSTRAP = 'tools/packaging/common/envoy_bootstrap.json'
/** A file in Istio's source with the release line, for example "1.31". */
const RELEASE_LINE = 'VERSION'

/**
 * `module` gives the set its version. `variables` sets that version or its tag in the programs. `names` renames programs that Go
 * names after their folder.
 */
export type Recipe = {
  module: string
  variables?: (version: string, tag: string) => Record<string, string>
  tags?: readonly string[]
  names?: Readonly<Record<string, string>>
  files?: readonly string[]
}

export const recipes = {
  etcd: { module: 'go.etcd.io/etcd/server/v3', names: { server: 'etcd' } },
  kubernetes: {
    module: 'k8s.io/kubernetes',
    variables: (version: string) => {
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
    // Istio's own releases leave these validators out, too.
    tags: ['disable_pgv'],
    variables: (_: string, tag: string) => ({
      'istio.io/istio/pkg/version.buildVersion': tag,
    }),
    files: [ENVOY_BOOTSTRAP, RELEASE_LINE],
  },
  // 1.21.1 is the last version that compiles. Later ones need an unreleased version of their module sdk.
  vault: { module: 'github.com/hashicorp/vault' },
} satisfies Record<string, Recipe>

/**
 * Converts "v1.35.4" to "1.35.4", and a commit of Istio, "v0.0.0-20260827124520-eed52ebb66ad", to "1.31-eed52ebb66ad". `folder` has
 * the file with the release line.
 */
export async function formatTag(version: string, folder: string): Promise<string> {
  const commit = /^v0\.0\.0-\d{14}-([0-9a-f]{12})$/.exec(version)?.[1]
  if (commit === undefined) return version.replace(/^v/, '')
  return `${(await readFile(join(folder, RELEASE_LINE), 'utf8')).trim()}-${commit}`
}
