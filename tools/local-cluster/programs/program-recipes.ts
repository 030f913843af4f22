// How to build each set of Go programs, besides what its go.mod says.

/** Istio's template of Envoy's configuration, which its images contain. */
const ENVOY_BOOTSTRAP = 'tools/packaging/common/envoy_bootstrap.json'

/** `module` gives the set its version. `variables` sets that version in the programs. */
export type Recipe = {
  module: string
  variables?: (version: string) => Record<string, string>
  tags?: readonly string[]
  files?: readonly string[]
}

export const recipes = {
  etcd: { module: 'go.etcd.io/etcd/server/v3' },
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
    variables: (version: string) => ({
      'istio.io/istio/pkg/version.buildVersion': formatTag(version),
    }),
    files: [ENVOY_BOOTSTRAP],
  },
  // 1.21.1 is the last version that compiles. Later ones need an unreleased version of their module sdk.
  vault: { module: 'github.com/hashicorp/vault' },
} satisfies Record<string, Recipe>

/** Converts "v1.35.4" to "1.35.4", and a commit of Istio 1.31, "v0.0.0-20260827124520-eed52ebb66ad", to "1.31-eed52ebb66ad". */
export function formatTag(version: string): string {
  const commit = /^v0\.0\.0-\d{14}-([0-9a-f]{12})$/.exec(version)?.[1]
  return commit === undefined ? version.replace(/^v/, '') : `1.31-${commit}`
}
