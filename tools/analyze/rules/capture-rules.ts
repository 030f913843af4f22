// No traffic of the Pod leads around its proxy.
import { parseDocument } from 'yaml'
import { type Finding, type Path, valueAt } from '../finding.ts'
import { listInScope, listPodNamespaces } from '../model/namespace.ts'
import { readPods, type Workload } from '../model/pod.ts'
import type { Rule } from '../rule.ts'

type Marks = 'annotations' | 'labels'

/** Marks of a Pod that keep its proxy away or traffic away from it. */
const waysAround: readonly (readonly [Marks, name: RegExp, value: RegExp, message: string])[] = [
  ['annotations', /^traffic\.sidecar\.istio\.io\//, /^/, 'leads traffic around the proxy'],
  ['annotations', /^sidecar\.istio\.io\/inject$/, /^(?!true$)/, 'is a Pod without a proxy'],
  ['labels', /^sidecar\.istio\.io\/inject$/, /^(?!true$)/, 'is a Pod without a proxy'],
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
    "injects something else than Istio's sidecar",
  ],
  ['labels', /^istio\.io\/dataplane-mode$/, /^/, 'is for Pods without a sidecar'],
]

export const captureRules: readonly Rule[] = [
  {
    name: 'capture',
    title: 'all traffic of the Pod passes its proxy',
    find: (resources) =>
      readPods(resources).flatMap((pod) => [
        ...waysAround.flatMap(([marks, name, value, message]) =>
          Object.entries(pod.metadata[marks])
            .filter(([key, own]) => name.test(key) && value.test(own))
            .map(([key, own]) => at(pod, [marks, key], `${key}: ${own} ${message}`)),
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
          const isAway =
            labels['istio-injection'] === 'disabled' || 'istio.io/dataplane-mode' in labels
          return !isInjected || isAway
        })
        .map((resource) => ({
          resource,
          path: ['metadata', 'labels'],
          message: 'Pods of the namespace get no sidecar: it needs the label istio.io/rev',
        })),
  },
  {
    name: 'admin-port',
    title: "Envoy's admin port answers only what Istio's agent needs",
    find: (resources) => {
      const name = 'sidecar.istio.io/bootstrapOverride'
      return readPods(resources)
        .filter(({ metadata }) => metadata.annotations[name] !== 'envoy-admin-allowlist')
        .map((pod) => at(pod, ['annotations', name], `${name} is not envoy-admin-allowlist`))
    },
  },
  {
    name: 'envoy-filter',
    title: 'no EnvoyFilter changes what the policies are checked by',
    find: (resources) =>
      listInScope(resources, 'EnvoyFilter').map((resource) => ({
        resource,
        path: ['kind'],
        message: 'an EnvoyFilter can take every check away',
      })),
  },
]

function at(pod: Workload, path: Path, message: string): Finding {
  return { resource: pod.resource, path: [...pod.path, 'metadata', ...path], message }
}

function findInterceptionMode(pod: Workload): Finding[] {
  const name = 'proxy.istio.io/config'
  const config: unknown = parseDocument(pod.metadata.annotations[name] ?? '').toJS()
  const mode = valueAt(config, ['interceptionMode']) ?? 'REDIRECT'
  const message = `interceptionMode ${mode} leads around the proxy`
  return mode === 'REDIRECT' ? [] : [at(pod, ['annotations', name], message)]
}
