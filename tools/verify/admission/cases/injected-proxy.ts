// What Istio's injection adds to a Pod, as far as admission judges it.
import type { ResourceChange } from '../change-resource.ts'
import { confined } from '../pods.ts'

const securityContext = {
  ...confined.securityContext,
  ...{ runAsUser: 1337, runAsGroup: 1337, runAsNonRoot: true, readOnlyRootFilesystem: true },
}
const validation = {
  ...{ name: 'istio-validation', image: 'istio/proxyv2', securityContext },
  args: ['istio-iptables', '-p', '15001', '--run-validation', '--skip-rule-apply'],
}
const proxy = {
  ...{ name: 'istio-proxy', image: 'istio/proxyv2', securityContext },
  args: ['proxy', 'sidecar', '--domain', '$(POD_NAMESPACE).svc.cluster.local'],
  env: [{ name: 'ISTIO_META_CLUSTER_ID', value: 'Kubernetes' }],
  volumeMounts: [
    { name: 'istio-token', mountPath: '/var/run/secrets/tokens' },
    { name: 'custom-bootstrap-volume', mountPath: '/etc/istio/custom-bootstrap' },
    { name: 'signer-socket', mountPath: '/run/signer', readOnly: true },
  ],
}
const token = { serviceAccountToken: { audience: 'istio-ca', path: 'istio-token' } }

/** Changes of a Pod of ours. */
export const injectedProxy: readonly ResourceChange[] = [
  ['metadata.annotations.sidecar~1istio~1io/status', '{"containers":["istio-proxy"]}'],
  ['metadata.annotations.istio~1io/rev', 'default'],
  ['metadata.labels.security~1istio~1io/tlsMode', 'istio'],
  ['spec.volumes.+', { name: 'istio-token', projected: { sources: [token] } }],
  [
    'spec.volumes.+',
    { name: 'custom-bootstrap-volume', configMap: { name: 'envoy-admin-allowlist' } },
  ],
  ['spec.initContainers', [validation, { ...proxy, restartPolicy: 'Always' }]],
]

/** The same with a proxy that is an ordinary container. */
export const injectedContainer: readonly ResourceChange[] = [
  ...injectedProxy.slice(0, -1),
  ['spec.initContainers', [validation]],
  ['spec.containers.+', proxy],
]
