// Cluster values without a cluster: those of an Istio that was installed with its defaults.
import type { ClusterFindings } from '../deploy/render/cluster-values.ts'

export const defaultFindings: ClusterFindings = {
  trustDomain: 'cluster.local',
  gateway: {
    selector: 'ingressgateway',
    namespace: 'istio-system',
    serviceAccount: 'istio-ingressgateway-service-account',
    podLabels: { istio: 'ingressgateway' },
  },
  injector: { label: 'default', revision: 'default', namespace: 'istio-system' },
  tokens: { issuer: 'https://kubernetes.default.svc.cluster.local', keys: '{"keys":[]}' },
}
