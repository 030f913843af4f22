// What users and their tools may vary in a Pod, each with the reason. Everything else is what this version ships.
import { schema as signerSchema } from '../../../../signer/config.ts'
import { valueAt } from '../../finding.ts'
import { listRefusedAnnotations, listRefusedLabels } from '../../model/allowed-metadata.ts'
import type { PodDifference } from './compare-pods.ts'
import { readQuantity } from './quantity.ts'

/** `pod`: the template that was found. `isInjected`: it has its proxy. `volumes`: the names of ours. */
export type Subject = { pod: unknown; isInjected: boolean; volumes: readonly string[] }

type Freedom = {
  /** Of the place. */
  at: RegExp
  reason: string
  /** Only what we do not ship at all. */
  isAdded?: true
  /** Everything if undefined. */
  allows?: (difference: PodDifference, subject: Subject) => boolean
}

const ours = '(?:signer|vault-agent)'
/** A container of the application, also our own frontend. */
const theirs = String.raw`(?:containers|initContainers|ephemeralContainers)\[(?!signer\]|vault-agent\])[^\]]*\]`
const container = String.raw`(?:containers|initContainers)\[[^\]]*\]`
/** The sysctls that Pod Security "restricted" allows. */
const safeSysctls = [
  ...[
    'kernel.shm_rmid_forced',
    'net.ipv4.ip_local_port_range',
    'net.ipv4.ip_unprivileged_port_start',
  ],
  ...['net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_local_reserved_ports'],
  ...['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl'],
  ...['net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'],
]
/** Volumes of which other rules say who may mount them. */
const ruledVolumes = ['hmac-key', 'signer-socket', 'pairing', 'caller-token', 'vault-token']
/** Envoy logs every header at these levels. */
const verbose = /debug|trace/
const logLevel = /^sidecar\.istio\.io\/\w*[lL]ogLevel$/
/** With any of these annotations, the proxy has only the resources that they name. */
export const proxyResource = /^sidecar\.istio\.io\/proxy(CPU|Memory)(Limit)?$/
/** Older names of the profiles of a container, and what gives the Pod another network. */
const ofKernel =
  /^((container\.)?(apparmor|seccomp)\.security\.(alpha|beta)\.kubernetes\.io\/|k8s\.v1\.cni\.cncf\.io\/networks$)/
/** What the signer needs, and what no signer needs: docs/measurements.md. */
const memory = { least: 96 * 2 ** 20, most: 4 * 2 ** 30 }
const processors = { least: 0.1, most: 8 }

export const freedoms: readonly Freedom[] = [
  {
    at: /^metadata\.(name|generateName|namespace|creationTimestamp|uid|resourceVersion|ownerReferences|managedFields|generation|finalizers|selfLink)\b/,
    reason: 'a Pod that runs has them from its controller',
  },
  {
    at: /^metadata\.labels[.[]/,
    reason: 'labels of the application and of tools. The refused ones of Istio are not among them',
    isAdded: true,
    allows: ({ place, found }) => listRefusedLabels({ [keyOf(place)]: String(found) }).length === 0,
  },
  {
    at: /^metadata\.labels\[(app\.kubernetes\.io\/[a-z-]+|service\.istio\.io\/canonical-name)\]$/,
    reason: 'people and telemetry read them, and no policy selects by them',
  },
  {
    at: /^metadata\.annotations[.[]/,
    reason:
      'annotations of the application and of tools. The refused ones of the meshes are not among them',
    isAdded: true,
    allows: ({ place, found }) => {
      const key = keyOf(place)
      const isLoud = logLevel.test(key) && verbose.test(String(found))
      const isRefused = listRefusedAnnotations({ [key]: String(found) }).length > 0
      return !isLoud && !isRefused && (!ofKernel.test(key) || found === 'runtime/default')
    },
  },
  {
    at: /^metadata\.annotations\[kubectl\.kubernetes\.io\/default-container\]$/,
    reason: 'which container kubectl shows first',
  },
  {
    at: /^metadata\.annotations\[sidecar\.istio\.io\/proxy(CPU|Memory)(Limit)?\]$/,
    reason: 'the resources of the proxy. Istio sets its own limits only without any of them',
    allows: ({ place, found }, { pod }) =>
      found === undefined
        ? !place.endsWith('Limit]') || !hasProxyResources(pod)
        : readQuantity(found) !== undefined,
  },
  {
    at: /^metadata\.annotations\[proxy\.istio\.io\/config\]./,
    reason: 'settings of the proxy beside ours. The rule capture refuses those that lead around it',
    isAdded: true,
  },
  {
    at: /^metadata\.annotations\[proxy\.istio\.io\/config\]\.terminationDrainDuration$/,
    reason: 'a longer drain suits an application that ends slowly',
    allows: ({ shipped, found }) => readSeconds(found) >= readSeconds(shipped),
  },
  {
    at: /^metadata\.annotations\[[^\]]*\/skip-containers\]$/,
    reason: 'an application names its own containers too',
    allows: ({ shipped, found }) => listNames(found).isSupersetOf(listNames(shipped)),
  },
  {
    at: /^spec\.(affinity|nodeName|nodeSelector|overhead|preemptionPolicy|priority|priorityClassName|readinessGates|resourceClaims|resources|runtimeClassName|schedulingGates|tolerations|imagePullSecrets|subdomain|hostAliases)\b/,
    reason:
      'where the Pod runs, when, and with which registry. The rule capture judges hostAliases',
    isAdded: true,
  },
  {
    at: /^spec\.affinity\.nodeAffinity\.requiredDuringSchedulingIgnoredDuringExecution\.nodeSelectorTerms$/,
    reason: 'more requirements for nodes. Each term keeps ours',
    allows: ({ shipped, found }) => keepsTerms(shipped, found),
  },
  {
    at: /^spec\.schedulerName$/,
    reason: 'which scheduler places the Pod. Kubernetes fills in its own',
  },
  {
    at: /^spec\.topologySpreadConstraints\b/,
    reason: 'how the Pods spread is a question of availability',
  },
  {
    at: /^spec\.dnsConfig\.(options|searches)\b/,
    reason: 'how names are completed. Certificates prove who answers',
    isAdded: true,
  },
  {
    at: /^spec\.(hostUsers|os\.name|serviceAccount)$/,
    reason: 'a user namespace confines more, and the others repeat what Kubernetes knows',
    isAdded: true,
    allows: ({ found }, { pod }) =>
      [false, 'linux', valueAt(pod, ['spec', 'serviceAccountName'])].includes(found as string),
  },
  {
    at: /^spec\.serviceAccountName$/,
    reason: 'the rule own-account judges it',
    isAdded: true,
  },
  {
    at: /^spec\.enableServiceLinks$/,
    reason: 'without it, the environment has no names of Services. That is stricter',
    allows: ({ found }) => found === false,
  },
  {
    at: /^spec\.terminationGracePeriodSeconds$/,
    reason: 'an application may take longer to end. The signer ends before',
    allows: ({ found }, { pod }) => Number(found) * 1000 > readDelay(pod),
  },
  {
    at: /^spec\.hostname$/,
    reason: 'without a mesh, nothing depends on it',
    isAdded: true,
  },
  {
    at: /^spec\.securityContext\.(runAsUser|runAsGroup|runAsNonRoot|fsGroup|fsGroupChangePolicy|supplementalGroups|supplementalGroupsPolicy|seccompProfile)\b/,
    reason: 'the rules user-ids and host-and-processes judge them',
    isAdded: true,
    allows: ({ place, found }) => !place.endsWith('runAsUser') || found !== 0,
  },
  {
    at: /^spec\.securityContext\.sysctls$/,
    reason: 'those that Pod Security allows concern the Pod alone',
    isAdded: true,
    allows: ({ found }) =>
      Array.isArray(found) && found.every((each) => safeSysctls.includes(Object(each).name)),
  },
  {
    at: /\bsecurityContext\.(seLinuxOptions\.level|appArmorProfile\.type)$/,
    reason: 'the level of a platform, and the profile of the runtime, which is the default',
    isAdded: true,
    allows: ({ place, found }) => place.endsWith('level') || found === 'RuntimeDefault',
  },
  {
    at: /^spec\.volumes\[/,
    reason: 'volumes of the application. Rules judge hostPath, tokens, and the Secret of the key',
    isAdded: true,
  },
  {
    at: new RegExp(`^spec\\.${theirs}$`),
    reason: 'the proxy, which the mesh adds to a Pod. A template may set its resources only',
    isAdded: true,
    allows: ({ found }, { isInjected }) => isInjected || setsOnlyResources(Object(found)),
  },
  {
    at: new RegExp(`^spec\\.${theirs}\\.(?!securityContext|volumeMounts|ports|env\\[)`),
    reason: "the application's containers: image, command, probes and the rest, and sidecars",
    isAdded: true,
  },
  {
    at: new RegExp(`^spec\\.${theirs}\\.env\\[`),
    reason: "the application's own variables. The rule key-environment judges those from Secrets",
    isAdded: true,
  },
  {
    at: new RegExp(`^spec\\.${theirs}\\.volumeMounts\\[`),
    reason: 'mounts of its own volumes. Of ours, other rules say who may mount them',
    isAdded: true,
    allows: ({ found }, { volumes }) =>
      !volumes.includes(Object(found).name) || ruledVolumes.includes(Object(found).name),
  },
  {
    at: new RegExp(`^spec\\.${theirs}\\.ports\\[`),
    reason: 'more ports. The rule signer-port judges their numbers',
    isAdded: true,
    allows: ({ found }) => !['hostPort', 'hostIP'].some((name) => name in Object(found)),
  },
  {
    at: new RegExp(
      `^spec\\.${theirs}\\.securityContext\\.(?!procMount|windowsOptions|seLinuxOptions|appArmorProfile)`,
    ),
    reason: 'the rules container-rights and user-ids judge it',
    isAdded: true,
  },
  {
    at: new RegExp(
      `^spec\\.${theirs}\\.(livenessProbe|readinessProbe|startupProbe|lifecycle)(?!\\.httpGet\\.)`,
    ),
    reason:
      'whether and how kubelet asks is a decision of the application. Our frontend has fixed paths',
  },
  {
    at: /^spec\.containers\[signer\]\.\w+Probe\.(period|timeout|initialDelay|failure|success)(Seconds|Threshold)$/,
    reason: 'how often kubelet asks',
    allows: ({ found }) => isWhole(found, 60),
  },
  {
    at: new RegExp(`^spec\\.${container}\\.image$`),
    reason: 'the registry and the tag. The rules image-tag and as-released judge them',
    allows: ({ found }) => typeof found === 'string',
  },
  {
    at: new RegExp(`^spec\\.${container}\\.imagePullPolicy$`),
    reason: 'whether kubelet asks the registry again',
    allows: ({ found }) => [undefined, 'Always', 'IfNotPresent'].includes(found as string),
  },
  {
    at: new RegExp(`^spec\\.${container}\\.resources\\.requests\\b`),
    reason: 'what the scheduler reserves',
    allows: ({ found }) => found === undefined || readQuantity(found) !== undefined,
  },
  {
    at: new RegExp(`^spec\\.${container}\\.resources\\.limits\\.`),
    reason: 'another limit, and not none',
    allows: ({ place, found }) => isReasonable(readQuantity(found), keyOf(place)),
  },
  {
    at: new RegExp(`^spec\\.containers\\[${ours}\\]\\.resources\\.limits\\.ephemeral-storage$`),
    reason: 'one more limit',
    isAdded: true,
  },
  {
    at: /^spec\.containers\[signer\]\.env\[SIGNER_(MAX_REQUESTS|SIGNATURES_PER_SECOND|SIGNATURES_BURST|SIGNATURES_PER_DAY|VERIFICATIONS_PER_SECOND)\](\.value)?$/,
    reason: 'how much the signer serves, in the documented range',
    allows: ({ found }, { pod }) => found !== undefined && isValid(pod),
  },
  {
    at: /^spec\.containers\[signer\]\.env\[SIGNER_SHUTDOWN_DELAY_MS\]\.value$/,
    reason: 'a longer delay suits an application that ends slowly',
    allows: ({ shipped, found }, { pod }) => isValid(pod) && Number(found) >= Number(shipped),
  },
  {
    at: /^spec\.containers\[frontend\]\.env\[FRONTEND_(SHUTDOWN_DELAY_MS|MAX_REQUESTS)\]\.value$/,
    reason: 'how the frontend ends and what it serves, in the documented range',
    allows: ({ found }) => /^\d{1,5}$/.test(String(found)) && Number(found) <= 60_000,
  },
]

/** True if a freedom covers the difference. */
export function isFree(difference: PodDifference, subject: Subject): boolean {
  const isAddition = difference.shipped === undefined
  return freedoms.some(
    ({ at, isAdded, allows }) =>
      (isAddition || !isAdded) &&
      at.test(difference.place) &&
      (allows?.(difference, subject) ?? true),
  )
}

/** The last part of a place. */
function keyOf(place: string): string {
  return /(?:\[([^\]]*)\]|\.([^.[\]]*))$/.exec(place)?.slice(1).find(Boolean) ?? ''
}

function hasProxyResources(pod: unknown): boolean {
  const annotations = Object.keys(Object(valueAt(pod, ['metadata', 'annotations'])))
  return annotations.some((each) => proxyResource.test(each))
}

function readSeconds(value: unknown): number {
  return Number(/^(\d+)s$/.exec(String(value))?.[1] ?? 0)
}

function listNames(value: unknown): Set<string> {
  return new Set(
    String(value)
      .split(/[,;]/)
      .map((each) => each.trim()),
  )
}

/** True if each term of `found` has all requirements of a term of `shipped`. */
function keepsTerms(shipped: unknown, found: unknown): boolean {
  const read = (terms: unknown) =>
    (Array.isArray(terms) ? terms : []).map((each): unknown[] => {
      const own = valueAt(each, ['matchExpressions'])
      return (Array.isArray(own) ? own : []).map((one) => JSON.stringify(one))
    })
  const [wanted, given] = [read(shipped), read(found)]
  return (
    given.length > 0 &&
    given.every((own) => wanted.some((each) => each.every((one) => own.includes(one))))
  )
}

/** How long the signer serves after SIGTERM, in milliseconds. */
function readDelay(pod: unknown): number {
  return Number(readEnvironment(pod).SIGNER_SHUTDOWN_DELAY_MS ?? 0)
}

/** The schema of the signer knows the range of each setting. */
function isValid(pod: unknown): boolean {
  return signerSchema.safeParse(readEnvironment(pod)).success
}

function readEnvironment(pod: unknown): Record<string, unknown> {
  const containers = valueAt(pod, ['spec', 'containers'])
  const signer = Array.isArray(containers)
    ? containers.find((each) => Object(each).name === 'signer')
    : undefined
  const env = valueAt(signer, ['env'])
  if (!Array.isArray(env)) return {}
  return Object.fromEntries(env.map((each) => [Object(each).name, Object(each).value]))
}

function isReasonable(amount: number | undefined, resource: string): boolean {
  const range = { memory, cpu: processors }[resource] ?? { least: 0, most: Infinity }
  return amount !== undefined && amount >= range.least && amount <= range.most
}

/** Kubernetes takes 0 as its default. */
function isWhole(value: unknown, most: number): boolean {
  return (
    value === undefined || (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most)
  )
}

/** As the admission policy no-way-around-proxy has it. */
function setsOnlyResources({ name, image, resources: _, ...others }: Record<string, unknown>) {
  return name === 'istio-proxy' && image === 'auto' && Object.keys(others).length === 0
}
