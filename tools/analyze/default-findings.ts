// Cluster values without a cluster: those of an Istio that was installed with its defaults.
import type { ClusterFindings } from '../deploy/render/cluster-values.ts'
import { ownEntry, ownGateway } from '../kube/gateway/public-route.ts'

export const defaultFindings: ClusterFindings = {
  trustDomain: 'cluster.local',
  route: {
    kind: 'own',
    gateway: ownGateway,
    ...{ host: undefined, selector: { istio: 'ingressgateway' }, sections: [], entry: ownEntry },
    workloads: [
      {
        namespace: 'istio-system',
        serviceAccount: 'istio-ingressgateway-service-account',
        podLabels: { istio: 'ingressgateway' },
        selector: { istio: 'ingressgateway' },
      },
    ],
  },
  injector: { label: 'default', revision: 'default', namespace: 'istio-system' },
  tokens: { issuer: 'https://kubernetes.default.svc.cluster.local', keys: '{"keys":[]}' },
}
