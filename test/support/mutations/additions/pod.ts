// What widens the Pod of a Deployment or DaemonSet: its fields, annotations, labels, volumes and containers.
import { type Path, valueAt } from '../../../../tools/analyze/finding.ts'
import type { Resource } from '../../../../tools/kube/resources.ts'
import type { Change } from '../mutation.ts'
import { type Additions, add, forEachItem, set } from './addition.ts'

const spec: Path = ['spec', 'template', 'spec']
const metadata: Path = ['spec', 'template', 'metadata']
const shell = { exec: { command: ['sh', '-c', 'true'] } }
const image = 'registry.example/added:1'

export const pod: Additions = (resource) => [
  ...podFields.map(([path, value]) => set([...spec, ...path], value)),
  ...Object.entries(annotations).flatMap(([name, values]) =>
    values.map((value) => set([...metadata, 'annotations', name], value)),
  ),
  ...Object.entries(labels).map(([name, value]) => set([...metadata, 'labels', name], value)),
  ...['containers', 'initContainers'].flatMap((list) => [
    ...containers.map((container) => add([...spec, list], container)),
    ...forEachItem(resource, [...spec, list], (at) => changeContainer(resource, at)),
  ]),
  add([...spec, 'ephemeralContainers'], { name: 'added', image, targetContainerName: 'signer' }),
  ...forEachItem(resource, [...spec, 'volumes'], (at) => changeVolume(resource, at)),
]

const podFields: readonly (readonly [path: Path, value: unknown])[] = [
  ...['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers'].map(
    (name) => [[name], true] as const,
  ),
  [['automountServiceAccountToken'], true],
  [['enableServiceLinks'], true],
  [['serviceAccountName'], 'default'],
  [['serviceAccount'], 'default'],
  [['runtimeClassName'], 'added'],
  [['nodeName'], 'added'],
  [['hostAliases'], [{ ip: '192.0.2.9', hostnames: ['signer.pod.internal'] }]],
  [['dnsConfig'], { nameservers: ['192.0.2.9'] }],
  [['dnsPolicy'], 'None'],
  [['setHostnameAsFQDN'], true],
  [['subdomain'], 'added'],
  [['securityContext', 'runAsUser'], 0],
  [['securityContext', 'runAsGroup'], 0],
  [['securityContext', 'fsGroup'], 10001],
  [['securityContext', 'supplementalGroups'], [0]],
  [['securityContext', 'seLinuxOptions'], { type: 'spc_t' }],
  [['securityContext', 'appArmorProfile'], { type: 'Unconfined' }],
  [['securityContext', 'sysctls'], [{ name: 'kernel.shm_rmid_forced', value: '0' }]],
]

const annotations: Readonly<Record<string, readonly string[]>> = {
  'sidecar.istio.io/inject': ['false'],
  'sidecar.istio.io/componentLogLevel': ['rbac:debug'],
  'sidecar.istio.io/logLevel': ['debug'],
  'sidecar.istio.io/proxyImage': ['registry.example/added:1'],
  'sidecar.istio.io/enableCoreDump': ['true'],
  'sidecar.istio.io/userVolume': ['{"added":{"hostPath":{"path":"/"}}}'],
  'sidecar.istio.io/userVolumeMount': [
    '{"hmac-key":{"mountPath":"/run/key"}}',
    '{"signer-socket":{"mountPath":"/run/signer"},"pairing":{"mountPath":"/run/pairing"}}',
  ],
  'sidecar.istio.io/interceptionMode': ['NONE', 'TPROXY'],
  'sidecar.istio.io/rewriteAppHTTPProbers': ['false'],
  'sidecar.istio.io/bootstrapOverride': ['added'],
  'sidecar.istio.io/discoveryAddress': ['added.example:15012'],
  'sidecar.istio.io/statsInclusionRegexps': ['.*'],
  'sidecar.istio.io/nativeSidecar': ['false'],
  'traffic.sidecar.istio.io/excludeInboundPorts': ['8080', '8081'],
  'traffic.sidecar.istio.io/excludeOutboundPorts': ['8081', '443'],
  'traffic.sidecar.istio.io/excludeOutboundIPRanges': ['0.0.0.0/0'],
  'traffic.sidecar.istio.io/includeInboundPorts': ['', '8080'],
  'traffic.sidecar.istio.io/includeOutboundIPRanges': [''],
  'traffic.sidecar.istio.io/excludeInterfaces': ['eth0'],
  'traffic.sidecar.istio.io/kubevirtInterfaces': ['eth0'],
  'istio.io/reroute-virtual-interfaces': ['eth0'],
  'inject.istio.io/templates': ['added', ''],
  'proxy.istio.io/overrides': [
    '{"containers":[{"name":"istio-proxy","securityContext":{"privileged":true}}]}',
  ],
  'proxy.istio.io/config': [
    '{"proxyAdminPort":15000,"discoveryAddress":"added.example:15012"}',
    '{"proxyMetadata":{"ISTIO_META_DNS_CAPTURE":"true"}}',
    '{"customConfigFile":"/run/added.json"}',
  ],
  'ambient.istio.io/bypass-inbound-capture': ['true'],
  'container.apparmor.security.beta.kubernetes.io/signer': ['unconfined'],
  'container.seccomp.security.alpha.kubernetes.io/signer': ['unconfined'],
  'linkerd.io/inject': ['disabled'],
  'config.linkerd.io/default-inbound-policy': ['all-unauthenticated'],
  'config.linkerd.io/skip-inbound-ports': ['8080'],
  'config.linkerd.io/opaque-ports': ['8080'],
  'k8s.v1.cni.cncf.io/networks': ['added'],
}

const labels: Readonly<Record<string, string>> = {
  'sidecar.istio.io/inject': 'false',
  'security.istio.io/tlsMode': 'disabled',
  'istio.io/dataplane-mode': 'ambient',
  'istio.io/rev': 'added',
  'secure-signing.dev/protected': 'false',
  'service.istio.io/canonical-name': 'added',
  'topology.istio.io/network': 'added',
}

/** Containers that others add. The last one is what users may have. */
const containers: readonly object[] = [
  { name: 'added', image, volumeMounts: [{ name: 'hmac-key', mountPath: '/key' }] },
  { name: 'added', image, volumeMounts: [{ name: 'signer-socket', mountPath: '/socket' }] },
  { name: 'added', image, volumeMounts: [{ name: 'pairing', mountPath: '/pairing' }] },
  { name: 'added', image, securityContext: { privileged: true } },
  { name: 'added', image, securityContext: { runAsUser: 1337 } },
  { name: 'istio-proxy', image },
]

function changeContainer(resource: Resource, at: Path): Change[] {
  const mounted = listNames(valueAt(resource, [...at, 'volumeMounts']))
  const volumes = listNames(valueAt(resource, [...spec, 'volumes']))
  return [
    ...volumes
      .filter((name) => !mounted.includes(name))
      .map((name) => add([...at, 'volumeMounts'], { name, mountPath: '/added' })),
    ...newVolumes.map((volume) => mountNew(resource, at, volume)),
    ...capabilities.map((name) => add([...at, 'securityContext', 'capabilities', 'add'], name)),
    ...containerFields.map(([path, value]) => set([...at, ...path], value)),
    add([...at, 'envFrom'], { secretRef: { name: 'hmac-key' } }),
    add([...at, 'env'], { name: 'NODE_OPTIONS', value: '--inspect=0.0.0.0:9229' }),
    add([...at, 'env'], { name: 'LD_PRELOAD', value: '/added.so' }),
    add([...at, 'env'], {
      name: 'ADDED',
      valueFrom: { secretKeyRef: { name: 'hmac-key', key: 'keys.json' } },
    }),
    add([...at, 'ports'], { containerPort: 8082, hostPort: 8082 }),
    add([...at, 'ports'], { containerPort: 8081, name: 'added' }),
    add([...at, 'args'], '--added'),
  ]
}

const capabilities = ['SYS_PTRACE', 'SYS_ADMIN', 'NET_ADMIN', 'NET_BIND_SERVICE']

const containerFields: readonly (readonly [path: Path, value: unknown])[] = [
  [['securityContext', 'privileged'], true],
  [['securityContext', 'allowPrivilegeEscalation'], true],
  [['securityContext', 'procMount'], 'Unmasked'],
  [['securityContext', 'runAsUser'], 1337],
  [['securityContext', 'seccompProfile'], { type: 'Unconfined' }],
  [['securityContext', 'appArmorProfile'], { type: 'Unconfined' }],
  [['securityContext', 'seLinuxOptions'], { type: 'spc_t' }],
  [['lifecycle', 'postStart'], shell],
  [['lifecycle', 'preStop'], shell],
  [['livenessProbe'], shell],
  [['startupProbe'], shell],
  [['command'], ['sh']],
  [['workingDir'], '/added'],
  [['stdin'], true],
  [['restartPolicy'], 'Always'],
  [['volumeDevices'], [{ name: 'added', devicePath: '/dev/added' }]],
  [['terminationMessagePath'], '/run/key/keys.json'],
]

const newVolumes: readonly object[] = [
  { hostPath: { path: '/' } },
  { hostPath: { path: '/var/run/containerd' } },
  { secret: { secretName: 'hmac-key' } },
  { projected: { sources: [{ secret: { name: 'hmac-key' } }] } },
  { projected: { sources: [{ serviceAccountToken: { audience: 'signer', path: 'token' } }] } },
  { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
  { csi: { driver: 'secrets-store.csi.k8s.io', readOnly: true } },
  { persistentVolumeClaim: { claimName: 'added' } },
]

/** One change of the whole Pod, because a volume alone changes nothing. */
function mountNew(resource: Resource, at: Path, volume: object): Change {
  const changed = structuredClone(resource)
  const inner = Object(valueAt(changed, spec))
  const container = Object(valueAt(changed, at))
  inner.volumes = [...(inner.volumes ?? []), { name: 'added', ...volume }]
  const mount = { name: 'added', mountPath: '/added' }
  container.volumeMounts = [...(container.volumeMounts ?? []), mount]
  return { path: spec, to: inner, what: `+ ${JSON.stringify(volume)} in ${container.name}` }
}

/** Two other sources of what is in the volume. */
function changeVolume(resource: Resource, at: Path): Change[] {
  const { name } = Object(valueAt(resource, at))
  return [
    set(at, { name, hostPath: { path: '/' } }),
    set(at, { name, secret: { secretName: 'hmac-key' } }),
    set(at, { name, emptyDir: {} }),
  ]
}

function listNames(list: unknown): string[] {
  return Array.isArray(list) ? list.map(({ name }) => String(name)) : []
}
