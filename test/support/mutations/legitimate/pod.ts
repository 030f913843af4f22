// What a team changes of its Pod: the size, the placement, its own container, containers and volumes beside it, and labels.
import { type Path, valueAt } from '../../../../tools/analyze/finding.ts'
import type { Resource } from '../../../../tools/kube/resources.ts'
import { add, set } from '../additions/addition.ts'
import type { Change } from '../mutation.ts'

/** Returns the changes that belong together, for the Deployment of our own application. A Secret is never in its environment. */
type PodChange = (deployment: Resource) => Change[]

const spec: Path = ['spec', 'template', 'spec']
const metadata: Path = ['spec', 'template', 'metadata']
const restricted = {
  ...{ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsNonRoot: true },
  ...{
    readOnlyRootFilesystem: true,
    runAsUser: 10003,
    runAsGroup: 10003,
    seccompProfile: { type: 'RuntimeDefault' },
  },
}
const resources = { limits: { memory: '64Mi' }, requests: { cpu: '10m', memory: '32Mi' } }
const own = (name: string, more: object = {}) => ({
  ...{ name, image: 'registry.example/team/shipper:2.1', securityContext: restricted, resources },
  ...more,
})
const mount = { name: 'logs', mountPath: '/var/log/app' }
const logs = { name: 'logs', emptyDir: { sizeLimit: '64Mi' } }
const ssd = { key: 'disktype', operator: 'In', values: ['ssd'] }

export const podChanges: Readonly<Record<string, PodChange>> = {
  replicas: () => [set(['spec', 'replicas'], 5)],
  'no replicas, for an autoscaler': () => [{ path: ['spec', 'replicas'], to: undefined, what: '' }],
  'roll-out': () => [
    set(['spec', 'minReadySeconds'], 10),
    set(['spec', 'revisionHistoryLimit'], 3),
    set(['spec', 'progressDeadlineSeconds'], 300),
  ],
  'a surge of 25 %': () => [
    set(['spec', 'strategy', 'rollingUpdate'], { maxSurge: '25%', maxUnavailable: 0 }),
  ],
  'labels of the team': () => [
    set(['metadata', 'labels', 'team.example/owner'], 'payments'),
    set([...metadata, 'labels', 'team.example/owner'], 'payments'),
    set([...metadata, 'labels', 'version'], 'v2'),
  ],
  'annotations of tools': () => [
    set(
      ['metadata', 'annotations', 'argocd.argoproj.io/tracking-id'],
      'signing:apps/Deployment:x/y',
    ),
    set(['metadata', 'annotations', 'reloader.stakater.com/auto'], 'true'),
    set([...metadata, 'annotations', 'kubectl.kubernetes.io/restartedAt'], '2026-11-30T05:00:00Z'),
    set([...metadata, 'annotations', 'checksum/config'], '0123456789abcdef'),
  ],
  'a request of the proxy': () => [
    set([...metadata, 'annotations', 'sidecar.istio.io/proxyCPU'], '50m'),
    set([...metadata, 'annotations', 'sidecar.istio.io/proxyMemory'], '96Mi'),
  ],
  'node selector': () => [set([...spec, 'nodeSelector', 'node.example/pool'], 'signing')],
  tolerations: () => [
    set([...spec, 'tolerations'], [{ key: 'dedicated', operator: 'Equal', value: 'signing' }]),
  ],
  // The components that confine require nodes of their own.
  affinity: () => [
    set(
      [...spec, 'affinity', 'nodeAffinity', 'preferredDuringSchedulingIgnoredDuringExecution'],
      [{ weight: 1, preference: { matchExpressions: [ssd] } }],
    ),
  ],
  'topology spread': (deployment) => [
    set(
      [...spec, 'topologySpreadConstraints'],
      [
        {
          ...{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone' },
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { app: deployment.metadata.name } },
        },
      ],
    ),
  ],
  'priority class': () => [set([...spec, 'priorityClassName'], 'business-critical')],
  'pull secrets': () => [set([...spec, 'imagePullSecrets'], [{ name: 'registry' }])],
  scheduler: () => [set([...spec, 'schedulerName'], 'bin-packing')],
  'image of the application': (each) => [
    set([...atOwn(each), 'image'], 'registry.example/team/frontend:2.0.0'),
  ],
  'image by its digest': (each) => [
    set([...atOwn(each), 'image'], `registry.example/team/frontend@sha256:${'ab'.repeat(32)}`),
  ],
  'resources of the application': (each) => [
    set([...atOwn(each), 'resources'], {
      limits: { cpu: '2', memory: '512Mi' },
      requests: { cpu: '250m', memory: '256Mi', 'ephemeral-storage': '64Mi' },
    }),
  ],
  'resources of the signer': (each) => {
    const at = atContainer(each, 'signer')
    return at ? [set([...at, 'resources', 'requests'], { cpu: '200m', memory: '128Mi' })] : []
  },
  'environment of the application': (each) => [
    add([...atOwn(each), 'env'], { name: 'LOG_LEVEL', value: 'debug' }),
    add([...atOwn(each), 'env'], { name: 'HTTP_TIMEOUT_MS', value: '2500' }),
    add([...atOwn(each), 'env'], {
      ...{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    }),
  ],
  'environment from a ConfigMap': (each) => [
    add([...atOwn(each), 'envFrom'], { configMapRef: { name: 'frontend-settings' } }),
  ],
  arguments: (each) => [set([...atOwn(each), 'args'], ['--workers=4'])],
  'one more port': (each) => [
    add([...atOwn(each), 'ports'], { name: 'metrics', containerPort: 9090, protocol: 'TCP' }),
  ],
  probes: (each) => [
    set([...atOwn(each), 'readinessProbe', 'periodSeconds'], 5),
    set([...atOwn(each), 'startupProbe'], {
      ...{ httpGet: { path: '/readyz', port: 8080 }, failureThreshold: 30, periodSeconds: 1 },
    }),
  ],
  'a preStop hook': (each) => [
    set([...atOwn(each), 'lifecycle', 'preStop'], { sleep: { seconds: 5 } }),
  ],
  'a pull policy': (each) => [set([...atOwn(each), 'imagePullPolicy'], 'Always')],
  'a volume of the application': (each) => [
    add([...spec, 'volumes'], { name: 'cache', emptyDir: { sizeLimit: '128Mi' } }),
    add([...atOwn(each), 'volumeMounts'], { name: 'cache', mountPath: '/var/cache/app' }),
  ],
  'settings as files': (each) => [
    add([...spec, 'volumes'], { name: 'settings', configMap: { name: 'frontend-settings' } }),
    add([...atOwn(each), 'volumeMounts'], {
      ...{ name: 'settings', mountPath: '/etc/app', readOnly: true },
    }),
  ],
  'a Secret of the application as files': (each) => [
    add([...spec, 'volumes'], { name: 'tls', secret: { secretName: 'database-ca' } }),
    add([...atOwn(each), 'volumeMounts'], { name: 'tls', mountPath: '/etc/tls', readOnly: true }),
  ],
  'a volume claim': (each) => [
    add([...spec, 'volumes'], { name: 'data', persistentVolumeClaim: { claimName: 'frontend' } }),
    add([...atOwn(each), 'volumeMounts'], { name: 'data', mountPath: '/var/lib/app' }),
  ],
  'a container beside it': (each) => [
    add([...spec, 'volumes'], logs),
    add([...atOwn(each), 'volumeMounts'], mount),
    first(each, 'containers', own('log-shipper', { volumeMounts: [{ ...mount, readOnly: true }] })),
  ],
  'an init container': () => [
    add([...spec, 'initContainers'], own('migrate-database', { args: ['migrate'] })),
  ],
  'a native sidecar': () => [
    add([...spec, 'initContainers'], own('cache-warmer', { restartPolicy: 'Always' })),
  ],
}

/** The place of the application's container. */
function atOwn(deployment: Resource): Path {
  const at = atContainer(deployment, 'frontend')
  if (at === undefined) throw new Error(`${deployment.metadata.name} has no container frontend`)
  return at
}

function atContainer(deployment: Resource, name: string): Path | undefined {
  const index = listContainers(deployment).findIndex((each) => Object(each).name === name)
  return index < 0 ? undefined : [...spec, 'containers', index]
}

/** The signer stays the last container. */
function first(deployment: Resource, list: string, item: object): Change {
  return set([...spec, list], [item, ...listContainers(deployment)])
}

function listContainers(deployment: Resource): unknown[] {
  const found = valueAt(deployment, [...spec, 'containers'])
  return Array.isArray(found) ? found : []
}
