// Which Go programs there are besides what their go.mod says, and how each tells its version.

/** Istio's template of Envoy's configuration, which its images carry beside the programs. */
const ENVOY_BOOTSTRAP = 'tools/packaging/common/envoy_bootstrap.json'

/** The Prometheus Operator's kinds, but for Alertmanager's and Thanos'. */
const operatorKinds = [
  'podmonitors',
  'probes',
  'prometheuses',
  'prometheusrules',
  'scrapeconfigs',
  'servicemonitors',
]
const OPERATOR_CRDS = 'example/prometheus-operator-crd/monitoring.coreos.com'

/** Those that the cluster is made of. */
export type ClusterSet = 'etcd' | 'kubernetes' | 'coredns' | 'istio'

/** What a set's go.mod does not say: the module whose version names the set, and how its programs tell that version. */
type Recipe = {
  module: string
  variables?: (version: string) => Record<string, string>
  /** Go's build tags. */
  tags?: readonly string[]
  /** Files of the module's source that go beside the programs. */
  files?: readonly string[]
}

/** Those that only tests, or measurements, run. */
export type TestSet =
  | 'vault'
  | 'external-secrets'
  | 'kube-router'
  | 'prometheus'
  | 'prometheus-operator'
  | 'kube-state-metrics'

export const recipes: Record<ClusterSet | TestSet, Recipe> = {
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
  // Of its two dozen ways to find what to scrape, the one that is used.
  prometheus: {
    module: 'github.com/prometheus/prometheus',
    tags: ['remove_all_sd', 'enable_kubernetes_sd'],
  },
  'prometheus-operator': {
    module: 'github.com/prometheus-operator/prometheus-operator',
    files: operatorKinds.map((kind) => `${OPERATOR_CRDS}_${kind}.yaml`),
  },
  'kube-state-metrics': { module: 'k8s.io/kube-state-metrics/v2' },
}

/** "v1.35.4" → "1.35.4"; "v0.0.0-20260827124520-eed52ebb66ad", a commit of Istio's 1.31 line → "1.31-eed52ebb66ad". */
export function formatTag(version: string): string {
  const commit = /^v0\.0\.0-\d{14}-([0-9a-f]{12})$/.exec(version)?.[1]
  return commit === undefined ? version.replace(/^v/, '') : `1.31-${commit}`
}
