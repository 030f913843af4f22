// No traffic of our Pods bypasses the proxy.
import { readYaml } from '../../kube/yaml.ts'
import { type Finding, type Path, valueAt } from '../finding.ts'
import { listInScope, listPodNamespaces } from '../model/namespace.ts'
import { readPods, type Workload } from '../model/pod.ts'
import type { Rule } from '../rule.ts'

type Field = 'annotations' | 'labels'

/** Annotations and labels of a Pod that remove its proxy or bypass it. */
const bypasses: readonly (readonly [Field, name: RegExp, value: RegExp, message: string])[] = [
  ['annotations', /^traffic\.sidecar\.istio\.io\//, /^/, 'makes traffic bypass the proxy'],
  [
    'annotations',
    /^sidecar\.istio\.io\/inject$/,
    /^(?!true$)/,
    'turns the injection of the proxy off',
  ],
  ['labels', /^sidecar\.istio\.io\/inject$/, /^(?!true$)/, 'turns the injection of the proxy off'],
  [
    'annotations',
    /^sidecar\.istio\.io\/interceptionMode$/,
    /^(?!REDIRECT$)/,
    'does not send all traffic to the proxy',
  ],
  [
    'annotations',
    /^inject\.istio\.io\/templates$/,
    /^(?!sidecar$)/,
    "injects another template than Istio's sidecar",
  ],
  ['labels', /^istio\.io\/dataplane-mode$/, /^/, 'is for Pods without a sidecar'],
]

export const captureRules: readonly Rule[] = [
  {
    name: 'capture',
    title: 'all traffic of our Pods goes through the proxy',
    find: (resources) =>
      readPods(resources).flatMap((pod) => [
        ...bypasses.flatMap(([field, name, value, message]) =>
          Object.entries(pod.metadata[field])
            .filter(([key, own]) => name.test(key) && value.test(own))
            .map(([key, own]) => at(pod, [field, key], `${key}: ${own} ${message}: remove it`)),
        ),
        ...findInterceptionMode(pod),
      ]),
  },
  {
    name: 'injection',
    title: 'Istio injects its sidecar into the namespace',
    find: (resources) =>
      listPodNamespaces(resources)
        .filter(({ metadata: { labels = {} } }) => {
          const isInjected = 'istio.io/rev' in labels || labels['istio-injection'] === 'enabled'
          const isDisabled =
            labels['istio-injection'] === 'disabled' || 'istio.io/dataplane-mode' in labels
          return !isInjected || isDisabled
        })
        .map((resource) => ({
          resource,
          path: ['metadata', 'labels'],
          message:
            'Pods of this namespace get no sidecar: set the label istio.io/rev, and remove other mesh labels',
        })),
  },
  {
    name: 'admin-port',
    title: "Envoy's admin port serves only what Istio's agent needs",
    find: (resources) => {
      const name = 'sidecar.istio.io/bootstrapOverride'
      return readPods(resources)
        .filter(({ metadata }) => metadata.annotations[name] !== 'envoy-admin-allowlist')
        .map((pod) =>
          at(
            pod,
            ['annotations', name],
            `the admin port of Envoy is open: set ${name} to envoy-admin-allowlist`,
          ),
        )
    },
  },
  {
    name: 'envoy-filter',
    title: 'no EnvoyFilter changes how the proxy enforces policies',
    find: (resources) =>
      listInScope(resources, 'EnvoyFilter').map((resource) => ({
        resource,
        path: ['kind'],
        message: 'an EnvoyFilter can turn off every check of the proxy: remove it',
      })),
  },
]

function at(pod: Workload, path: Path, message: string): Finding {
  return { resource: pod.resource, path: [...pod.path, 'metadata', ...path], message }
}

function findInterceptionMode(pod: Workload): Finding[] {
  const name = 'proxy.istio.io/config'
  const config: unknown = readYaml(pod.metadata.annotations[name] ?? '')[0]?.content
  const mode = valueAt(config, ['interceptionMode']) ?? 'REDIRECT'
  const message = `interceptionMode ${mode} makes traffic bypass the proxy: set REDIRECT`
  return mode === 'REDIRECT' ? [] : [at(pod, ['annotations', name], message)]
}
