// What the go.mod of a set of Go programs does not say: the module that names its version, and how it is compiled.

/** Istio's template of Envoy's configuration, which its images carry beside the programs. */
const ENVOY_BOOTSTRAP = 'tools/packaging/common/envoy_bootstrap.json'

export type Recipe = {
  /** Its version is the version of the set. */
  module: string
  /** Variables of Go that the linker sets, so that the programs know their version. */
  variables?: (version: string) => Record<string, string>
  /** Go's build tags. */
  tags?: readonly string[]
  /** Files of the module's source that go beside the programs. */
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
  // For `make bench` and the tests. Later versions than 1.21.1 need an unreleased version of their own module sdk.
  vault: { module: 'github.com/hashicorp/vault' },
} satisfies Record<string, Recipe>

/** "v1.35.4" → "1.35.4"; "v0.0.0-20260827124520-eed52ebb66ad", a commit of Istio's 1.31 line → "1.31-eed52ebb66ad". */
export function formatTag(version: string): string {
  const commit = /^v0\.0\.0-\d{14}-([0-9a-f]{12})$/.exec(version)?.[1]
  return commit === undefined ? version.replace(/^v/, '') : `1.31-${commit}`
}
