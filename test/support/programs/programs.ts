// Go programs that only tests run. Each has its go.mod in a folder here, and is compiled once.
import { join } from 'node:path'
import {
  recipes as ofCluster,
  type Recipe,
} from '../../../tools/local-cluster/programs/program-recipes.ts'
import { buildSet } from '../../../tools/local-cluster/programs/programs.ts'

/** The kinds of the Prometheus Operator that its program watches. */
const operatorKinds = [
  ...['podmonitors', 'probes', 'prometheuses', 'prometheusrules', 'scrapeconfigs'],
  'servicemonitors',
]

const recipes = {
  // After 0.20.4, the program consists of several modules.
  'external-secrets': {
    module: 'github.com/external-secrets/external-secrets',
    files: [
      'external-secrets.io_externalsecrets',
      'external-secrets.io_secretstores',
      'generators.external-secrets.io_generatorstates',
    ].map((name) => `config/crds/bases/${name}.yaml`),
  },
  'kube-router': { module: 'github.com/cloudnativelabs/kube-router/v2' },
  // With service discovery of Kubernetes only.
  prometheus: {
    module: 'github.com/prometheus/prometheus',
    tags: ['remove_all_sd', 'enable_kubernetes_sd'],
  },
  'prometheus-operator': {
    module: 'github.com/prometheus-operator/prometheus-operator',
    files: operatorKinds.map(
      (kind) => `example/prometheus-operator-crd/monitoring.coreos.com_${kind}.yaml`,
    ),
  },
  kind: { module: 'sigs.k8s.io/kind' },
  // What a node of kind has besides the programs of the local cluster: kubeadm and crictl.
  'kind-node': ofCluster.kubernetes,
  'kube-state-metrics': { module: 'k8s.io/kube-state-metrics/v2' },
} satisfies Record<string, Recipe>

/** Compiles a set unless it is in the cache. Returns the folder with its programs and the files of its recipe. */
export async function buildTestPrograms(set: keyof typeof recipes): Promise<string> {
  return (await buildSet(join(import.meta.dirname, set), recipes[set])).folder
}
