// How to build each set of Go programs, besides what its go.mod says.

/** Istio's template of Envoy's configuration, which its images contain. */
const ENVOY_BOOTSTRAP = 'tools/packaging/common/envoy_bootstrap.json'

/** The kinds of the Prometheus Operator, without those of Alertmanager and Thanos. */
const operatorKinds = [
  'podmonitors',
  'probes',
  'prometheuses',
  'prometheusrules',
  'scrapeconfigs',
  'servicemonitors',
]
const OPERATOR_CRDS = 'example/prometheus-operator-crd/monitoring.coreos.com'

/** The programs of the local cluster. */
export type ClusterSet = 'etcd' | 'kubernetes' | 'coredns' | 'istio'

/** `module` gives the set its version. `variables` sets that version in the programs. */
type Recipe = {
  module: string
  variables?: (version: string) => Record<string, string>
  /** Build tags of Go. */
  tags?: readonly string[]
  /** Files of the module's source to copy beside the programs. */
  files?: readonly string[]
}

/** The programs that only tests and measurements use. */
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
  // 1.21.1 is the last version that compiles. Later ones need an unreleased version of their module sdk.
  vault: { module: 'github.com/hashicorp/vault' },
  // 0.16.2 is the last version that consists of one module.
  'external-secrets': {
    module: 'github.com/external-secrets/external-secrets',
    files: [
      'config/crds/bases/external-secrets.io_externalsecrets.yaml',
      'config/crds/bases/external-secrets.io_secretstores.yaml',
      'config/crds/bases/generators.external-secrets.io_generatorstates.yaml',
    ],
  },
  'kube-router': { module: 'github.com/cloudnativelabs/kube-router/v2' },
  // Only the service discovery for Kubernetes.
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

/** Converts "v1.35.4" to "1.35.4", and a commit of Istio 1.31, "v0.0.0-20260827124520-eed52ebb66ad", to "1.31-eed52ebb66ad". */
export function formatTag(version: string): string {
  const commit = /^v0\.0\.0-\d{14}-([0-9a-f]{12})$/.exec(version)?.[1]
  return commit === undefined ? version.replace(/^v/, '') : `1.31-${commit}`
}
