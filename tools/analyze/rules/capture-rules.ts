// No traffic of our Pods bypasses the proxy.
import type { Finding, Path } from '../finding.ts'
import {
  injectedAnnotations,
  listRefusedAnnotations,
  listRefusedLabels,
} from '../model/allowed-metadata.ts'
import { listPodNamespaces } from '../model/namespace.ts'
import { readPods, type Workload } from '../model/pod.ts'
import type { Rule } from '../rule.ts'

const advice = 'remove it, or restore its value from k8s/components/signer/istio/proxy-patch.yaml'

export const captureRules: readonly Rule[] = [
  {
    name: 'capture',
    title: 'all traffic of our Pods goes through the proxy',
    find: (resources) =>
      readPods(resources).flatMap((pod) => [
        ...listRefusedAnnotations(pod.metadata.annotations).map((key) =>
          at(
            pod,
            ['annotations', key],
            `${key}: ${pod.metadata.annotations[key]} can lead traffic around the proxy, or is unknown: ${advice}`,
          ),
        ),
        ...injectedAnnotations
          .filter((key) => key in pod.metadata.annotations && pod.resource.kind !== 'Pod')
          .map((key) =>
            at(
              pod,
              ['annotations', key],
              `only Istio may set ${key}, when it injects its proxy: remove it`,
            ),
          ),
        ...listRefusedLabels(pod.metadata.labels).map((key) =>
          at(
            pod,
            ['labels', key],
            `${key}: ${pod.metadata.labels[key]} takes the Pod out of its proxy: remove it`,
          ),
        ),
        ...findFields(pod),
      ]),
  },
  {
    name: 'injection',
    title: 'Istio injects its sidecar into our Pods',
    find: (resources) =>
      listPodNamespaces(resources)
        .filter(({ metadata: { labels = {} } }) => {
          const isInjected = 'istio.io/rev' in labels || labels['istio-injection'] === 'enabled'
          if (labels['istio-injection'] === 'disabled') return true
          // In a shared namespace, the label of the Pod decides.
          return !isInjected && !readPods(resources).every(requestsSidecar)
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
]

function requestsSidecar({ metadata: { labels } }: Workload): boolean {
  return labels['sidecar.istio.io/inject'] === 'true' && 'istio.io/rev' in labels
}

function at(pod: Workload, path: Path, message: string): Finding {
  return { resource: pod.resource, path: [...pod.path, 'metadata', ...path], message }
}

/** Fields that lead the Pod's own calls, or everyone's, around the proxy. */
function findFields({ resource, path, spec }: Workload): Finding[] {
  const found = (field: string, message: string) => ({
    resource,
    path: [...path, 'spec', field],
    message,
  })
  const names = spec.hostAliases.flatMap(({ hostnames }) => hostnames)
  return [
    ...names
      .filter((name) => /^(localhost|signing-pod|signer(\.pod\.internal)?|istiod.*)$/.test(name))
      .map((name) =>
        found('hostAliases', `calls to ${name} would go to another address: remove the entry`),
      ),
    ...[...spec.initContainers, ...spec.containers]
      .filter(({ name }) => name === 'istio-init')
      .map(() =>
        found('containers', 'Istio does not redirect a Pod with a container istio-init: remove it'),
      ),
  ]
}
