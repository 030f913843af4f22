// Resources of the application and of its neighbours in the namespace. None selects the Pods with the signer, but for those that
// close more.
import type { Resource } from '../../../../tools/kube/resources.ts'

const app = { app: 'reports' }
const selector = { matchLabels: app }
const image = 'registry.example/team/reports:1.4'
const gateway = 'mesh.example/ns/edge-system/sa/edge-gateway'
const isProtected = { matchLabels: { 'secure-signing.dev/protected': 'true' } }

/** `isMeshed`: also resources of Istio. */
export function listOwnResources(namespace: string, isMeshed: boolean): Resource[] {
  const compose = (apiVersion: string, kind: string, name: string, rest: object): Resource => ({
    ...{ apiVersion, kind, metadata: { name, namespace, labels: app } },
    ...rest,
  })
  return [...ofKubernetes(compose), ...(isMeshed ? ofIstio(compose) : [])]
}

type Compose = (apiVersion: string, kind: string, name: string, rest: object) => Resource

function ofKubernetes(compose: Compose): Resource[] {
  const podSpec = {
    ...{ serviceAccountName: 'reports', automountServiceAccountToken: false },
    containers: [{ name: 'reports', image, ports: [{ containerPort: 8080 }] }],
  }
  const template = { metadata: { labels: app }, spec: podSpec }
  const job = { template: { spec: { ...podSpec, restartPolicy: 'Never' } } }
  return [
    compose('apps/v1', 'Deployment', 'reports', { spec: { selector, replicas: 2, template } }),
    compose('apps/v1', 'StatefulSet', 'reports-cache', {
      spec: {
        ...{ serviceName: 'reports-cache', selector: { matchLabels: { app: 'reports-cache' } } },
        template: { ...template, metadata: { labels: { app: 'reports-cache' } } },
      },
    }),
    compose('batch/v1', 'Job', 'reports-migrate', { spec: job }),
    compose('batch/v1', 'CronJob', 'reports-nightly', {
      spec: { schedule: '0 3 * * *', jobTemplate: { spec: job } },
    }),
    compose('v1', 'Service', 'reports', {
      spec: { selector: app, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    }),
    compose('v1', 'ServiceAccount', 'reports', { automountServiceAccountToken: false }),
    compose('v1', 'ConfigMap', 'frontend-settings', { data: { LOG_FORMAT: 'json' } }),
    compose('v1', 'Secret', 'frontend-secrets', { type: 'Opaque', data: { token: 'c2FtcGxl' } }),
    compose('v1', 'PersistentVolumeClaim', 'frontend', {
      ...{ spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
    }),
    compose('autoscaling/v2', 'HorizontalPodAutoscaler', 'reports', {
      spec: {
        ...{ minReplicas: 2, maxReplicas: 6 },
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'reports' },
      },
    }),
    compose('policy/v1', 'PodDisruptionBudget', 'reports', { spec: { minAvailable: 1, selector } }),
    compose('networking.k8s.io/v1', 'NetworkPolicy', 'reports', {
      spec: {
        podSelector: selector,
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: {} }] }],
      },
    }),
    compose('networking.k8s.io/v1', 'Ingress', 'reports', {
      spec: { defaultBackend: { service: { name: 'reports', port: { number: 80 } } } },
    }),
    compose('rbac.authorization.k8s.io/v1', 'Role', 'reports', {
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }],
    }),
    compose('rbac.authorization.k8s.io/v1', 'RoleBinding', 'reports', {
      subjects: [{ kind: 'ServiceAccount', name: 'reports' }],
      roleRef: { kind: 'Role', name: 'reports', apiGroup: 'rbac.authorization.k8s.io' },
    }),
    compose('v1', 'ResourceQuota', 'namespace', { spec: { hard: { pods: '50' } } }),
    compose('monitoring.coreos.com/v1', 'ServiceMonitor', 'reports', {
      spec: { selector, endpoints: [{ port: 'http' }] },
    }),
    compose('monitoring.coreos.com/v1', 'PrometheusRule', 'reports', {
      spec: { groups: [{ name: 'reports', rules: [{ alert: 'ReportsDown', expr: 'up == 0' }] }] },
    }),
    compose('gateway.networking.k8s.io/v1', 'HTTPRoute', 'reports', {
      spec: {
        parentRefs: [{ name: 'shared', namespace: 'infra' }],
        hostnames: ['reports.example'],
        rules: [{ backendRefs: [{ name: 'reports', port: 80 }] }],
      },
    }),
  ]
}

function ofIstio(compose: Compose): Resource[] {
  const networking = (kind: string, name: string, spec: object) =>
    compose('networking.istio.io/v1', kind, name, { spec })
  const security = (kind: string, name: string, spec: object) =>
    compose('security.istio.io/v1', kind, name, { spec })
  return [
    security('AuthorizationPolicy', 'reports', {
      ...{ selector, action: 'ALLOW' },
      rules: [
        { from: [{ source: { principals: [gateway] } }], to: [{ operation: { ports: ['8080'] } }] },
      ],
    }),
    security('AuthorizationPolicy', 'no-deletions', {
      ...{ selector: isProtected, action: 'DENY' },
      rules: [{ to: [{ operation: { ports: ['8080'], methods: ['DELETE', 'PUT'] } }] }],
    }),
    security('PeerAuthentication', 'reports', { selector, mtls: { mode: 'STRICT' } }),
    security('PeerAuthentication', 'default', { mtls: { mode: 'STRICT' } }),
    security('RequestAuthentication', 'reports', {
      ...{
        selector,
        jwtRules: [{ issuer: 'https://login.example', jwksUri: 'https://login.example/k' }],
      },
    }),
    networking('Gateway', 'reports', {
      selector: { istio: 'edge' },
      servers: [
        {
          hosts: ['reports.example'],
          port: { name: 'https', number: 443, protocol: 'HTTPS' },
          tls: { mode: 'SIMPLE', credentialName: 'reports' },
        },
      ],
    }),
    networking('VirtualService', 'reports', {
      ...{ hosts: ['reports.example'], gateways: ['reports'] },
      http: [{ route: [{ destination: { host: 'reports', port: { number: 80 } } }] }],
    }),
    networking('DestinationRule', 'reports', {
      ...{ host: 'reports', trafficPolicy: { connectionPool: { tcp: { maxConnections: 100 } } } },
    }),
    networking('Sidecar', 'reports', {
      ...{ workloadSelector: { labels: app }, egress: [{ hosts: ['./*', 'istio-system/*'] }] },
    }),
    networking('ServiceEntry', 'payments', {
      ...{ hosts: ['payments.example'], exportTo: ['.'], location: 'MESH_EXTERNAL' },
      ...{ resolution: 'DNS', ports: [{ name: 'tls', number: 443, protocol: 'TLS' }] },
    }),
    compose('telemetry.istio.io/v1', 'Telemetry', 'reports', {
      spec: { selector, tracing: [{ randomSamplingPercentage: 5 }] },
    }),
    compose('extensions.istio.io/v1alpha1', 'WasmPlugin', 'reports', {
      spec: { selector, url: 'oci://registry.example/team/plugin:1' },
    }),
    compose('networking.istio.io/v1alpha3', 'EnvoyFilter', 'reports', {
      spec: { workloadSelector: { labels: app }, configPatches: [] },
    }),
  ]
}
