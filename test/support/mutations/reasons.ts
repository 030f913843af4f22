// Why no rule notices a change: it changes no decision, or what it breaks is seen only when it is applied.
import type { Class } from './judge.ts'

export type Reason = {
  name: RegExp
  /** Only in these renderings. */
  overlay?: RegExp
  /** The worst that such a change does. */
  effect: Extract<Class, 'breaks' | 'nothing'>
  reason: string
}

const labelled = 'metadata\\.labels'
const standard = 'app\\.kubernetes\\.io\\/(component|name|part-of|version)'
const theirs = 'containers\\[\\d+\\]'

const nothing: readonly Omit<Reason, 'effect'>[] = [
  {
    name: new RegExp(`${labelled}\\[${standard}\\]`),
    reason: 'people and tools read the standard labels, and no decision depends on them',
  },
  {
    name: new RegExp(`^(?!Namespace)\\S+ ${labelled} `),
    reason: 'the labels of a resource decide nothing, and GitOps tools add theirs',
  },
  {
    name: new RegExp(`^(Deployment|DaemonSet)\\S* ${labelled}`),
    reason: 'the labels of the Pod decide, and not those of what creates it',
  },
  {
    name: /^Namespace\S+ metadata\.labels(\.istio-injection|\[pod-security\.kubernetes\.io\/(audit|warn|enforce-version))/,
    reason:
      'the label "enforce" refuses, in each version. Injection is decided by the labels of the Pod',
  },
  {
    name: / spec\.validations\[\d+\]\.message/,
    reason: 'only the text of a refusal changes',
  },
  {
    name: / (spec\.failurePolicy Fail|spec\.action ALLOW|\S+\.forwardOriginalToken false|\S+\.protocol TCP) deleted$/,
    reason: 'it is the default',
  },
  {
    name: /^(ValidatingAdmissionPolicy(Binding)?|Namespace)\S+ metadata\.namespace set to "other"$/,
    reason: 'a resource of the cluster has no namespace',
  },
  {
    name: / spec\.template\.metadata\.annotations\[(container\.(apparmor|seccomp)\.|kubectl\.)/,
    reason: 'Kubernetes no longer reads it, or only kubectl does',
  },
  {
    name: / spec\.template\.metadata\.(labels\[(service|topology)\.istio\.io|annotations\[(k8s\.v1\.cni|sidecar\.istio\.io\/(nativeSidecar|statsInclusion)))/,
    reason:
      'it concerns telemetry, the start of the proxy, or a plugin that the cluster has to have',
  },
  {
    name: / spec\.template\.spec\.(hostAliases|hostUsers|subdomain|enableServiceLinks)/,
    reason: 'names. Certificates prove who answers',
  },
  {
    name: / spec\.template\.spec\.securityContext\.(runAsUser|sysctls|fsGroup|supplementalGroups)/,
    reason: 'each container of ours sets its own user, and Pod Security refuses the others',
  },
  {
    name: /^DestinationRule\S+ metadata\.name /,
    reason: 'its host decides, and not its name',
  },
  {
    name: / spec\.template\.metadata\.(annotations\[(proxy|sidecar)\.istio\.io|labels\[istio\.io\/rev)/,
    overlay: /^(no-mesh|linkerd)$/,
    reason: 'Istio injects no proxy there',
  },
  {
    name: / spec\.trafficPolicy\.(connectionPool|outlierDetection|loadBalancer)/,
    reason: 'limits of connections and balancing decide nothing about access',
  },
  {
    name: /^DaemonSet\S+ spec\.template\.metadata/,
    reason: 'no mesh injects a proxy into its Pods. Its selector refuses other labels',
  },
  {
    name: / spec\.template\.metadata\.annotations\[(\S+\/skip-containers|sidecar\.istio\.io\/proxy)/,
    reason:
      'no cloud identity is at the ServiceAccount of the Pod, and the proxy gets other resources',
  },
  {
    name: /^ConfigMap\/secure-signing-dashboard /,
    reason: 'a dashboard only shows',
  },
  {
    name: /^Telemetry\S+ spec\.tracing/,
    reason: 'how much is traced decides nothing about access',
  },
  {
    name: /^\+ MeshTLSAuthentication\//,
    reason: 'no policy refers to it',
  },
]

const breaks: readonly Omit<Reason, 'effect'>[] = [
  {
    name: / spec\.template\.spec\.securityContext\.runAsGroup /,
    reason: 'the container runtime starts no Pod that has a group without a user',
  },
  {
    name: / spec\.template\.spec \+ .* in (?!signer)/,
    reason:
      'a volume of the application, with neither the key nor a token of the API server. Without it, no Pod starts',
  },
  {
    name: / spec\.(replicas|strategy)|^(HorizontalPodAutoscaler|PodDisruptionBudget)/,
    reason: 'the number of Pods belongs to the user. With too few, alerts fire',
  },
  {
    name: / spec\.template\.spec\.(topologySpreadConstraints|nodeName|runtimeClassName)|^DaemonSet\S+ spec\.(updateStrategy|minReadySeconds|template\.spec\.(affinity|nodeSelector|tolerations|priorityClassName|serviceAccount|terminationGracePeriodSeconds|\w+ontainers\[\d+\]\.(image|resources|restartPolicy)))| spec\.template\.spec\.affinity/,
    reason: 'where Pods run belongs to the user. Pods without a place are pending, and alerts fire',
  },
  {
    name: /^(ExternalSecret|SecretStore|ServiceAccount)\/(hmac-key|key-manager|key-reader) /,
    reason: 'only the user knows the account at the cloud. The ExternalSecret shows what fails',
  },
  {
    name: /^Sidecar\S+ spec\.egress\[\d+\]\.hosts/,
    reason: 'the user says which hosts the Pod calls. Other hosts are refused',
  },
  {
    name: /-pods-stay-restricted spec\.matchConditions\[1\] .* deleted$/,
    reason: 'the policy then refuses Pods of others too, in a shared namespace',
  },
  {
    name: /^ServiceEntry\/vault spec\.(hosts|ports)/,
    reason: 'only the user knows the address of Vault. Without it, no Pod becomes ready',
  },
  {
    name: /^(PrometheusRule|PodMonitor)\S+ spec\./,
    reason: 'thresholds and scraping belong to who is on call',
  },
  {
    name: /^NetworkPolicy\S+ spec\.(in|e)gress\[0\]\.(from|to)/,
    reason: 'only the cluster knows the Pods of its gateway and of istiod',
  },
  {
    name: /^(MeshTLSAuthentication\/gateway spec\.identityRefs|NetworkAuthentication\/kubelet spec\.networks)/,
    reason: 'only the cluster knows its gateway and its nodes. Narrower addresses refuse more',
  },
  {
    name: new RegExp(
      ` spec\\.template\\.spec\\.(${theirs}\\.(\\w+Probe|lifecycle|resources|imagePullPolicy|image|args|command|env|workingDir|restartPolicy|volumeDevices|ports)|terminationGracePeriodSeconds)`,
    ),
    reason:
      'the container of the application, and what kubelet does with ours. The roll-out shows it',
  },
  {
    name: /^RequestAuthentication\S+ spec\.jwtRules\[(\d+\]\.jwks|1\] .* deleted$)/,
    reason: 'only the cluster knows its keys. `make deploy` compares them with it',
  },
  {
    name: /^AuthorizationPolicy\/(signer-allow-gateway|allow-prometheus-\S+) spec\.rules\[0\]\.from\[0\]\.source\.principals/,
    reason:
      'only the cluster knows the identities of its gateway and Prometheus. `make deploy` reads them',
  },
  {
    name: /^Gateway\/public spec\.|^(VirtualService|HTTPRoute)\S+ spec\./,
    reason: 'hosts, routes and time-outs belong to the user. The first request shows what is wrong',
  },
  {
    name: /^HTTPRoute\/frontend (deleted$|kind |metadata\.name)/,
    reason: 'the application may have a route of its own. Without one, no client reaches it',
  },
  {
    name: /^Namespace\S+ (deleted$|kind |metadata\.(name|namespace) )/,
    reason: 'a shared namespace belongs to somebody else. Nothing can be created without it',
  },
  {
    name: /^Service(Account)?\S+ (spec\.clusterIP|secrets|imagePullSecrets)/,
    reason: 'addresses, and what the cluster adds to each ServiceAccount',
  },
  {
    name: /^\+ (AuthorizationPolicy|PeerAuthentication|RequestAuthentication|EnvoyFilter|WasmPlugin|Telemetry|ProxyConfig|DestinationRule|VirtualService|Gateway|ServiceEntry|WorkloadEntry|Sidecar)\//,
    reason: 'it is about other workloads, or ours has the closer resource',
  },
  {
    name: /^\+ (ConfigMap|Secret|LimitRange|ResourceQuota|NetworkPolicy|MutatingWebhookConfiguration|Service|Pod|Role|RoleBinding|ClusterRoleBinding|Ingress|ReferenceGrant|HTTPRoute)\//,
    reason: 'other resources of the namespace are the business of their owners',
  },
]

export const reasons: readonly Reason[] = [
  ...nothing.map((each) => ({ ...each, effect: 'nothing' as const })),
  ...breaks.map((each) => ({ ...each, effect: 'breaks' as const })),
]

/** Returns why no rule notices it, or undefined. `name`: that of the mutation. */
export function explainUnnoticed(overlay: string, name: string): Reason | undefined {
  return reasons.find((each) => each.name.test(name) && (each.overlay?.test(overlay) ?? true))
}
