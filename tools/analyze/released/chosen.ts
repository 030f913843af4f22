// What a deployment chooses itself: values of the cluster and of the user, and what decides nothing. Everything else has to be what
// this version ships. A value that decides something has to have its form, or another rule judges it.
import { describeResource, type Resource } from '../../kube/resources.ts'
import { formatPath, type Path, valueAt } from '../finding.ts'
import { pathOf } from '../model/pod.ts'
import type { Choice } from './difference.ts'
import {
  areDeclared,
  areIdentities,
  areRouteRules,
  areRoutes,
  areServers,
  areTexts,
  gatewayName,
  hostName,
  importedHost,
  isConnectionPool,
  isKeySet,
  isOwnListener,
  isText,
  namedHost,
} from './forms.ts'
import { readQuantity } from './pod/quantity.ts'
import type { Scope } from './scope.ts'
import type { Values } from './values.ts'

/** `resource`: the one that was found. */
type Context = { scope: Scope; values: Values; resource: Resource; path: Path }

export type Chosen = {
  /** Kind and name. */
  of: RegExp
  at: RegExp
  reason: string
  /** The form, for the finding. Without it, every value is right. */
  wanted?: string
  /** Undefined: the value is compared with the shipped one. */
  isRight?: (found: unknown, context: Context) => boolean | undefined
}

const placeholder = /FILL_IN/
const cloudIdentity =
  /^(eks\.amazonaws\.com\/role-arn|azure\.workload\.identity\/(client|tenant)-id|iam\.gke\.io\/gcp-service-account)$/
const word = /^[\w./:@-]+$/

export const chosen: readonly Chosen[] = [
  // Identities, keys and names of the cluster.
  {
    of: /^AuthorizationPolicy\/signer-allow-gateway$/,
    at: /^spec\.rules\[0\]\.from\[0\]\.source\.principals$/,
    reason: 'only the cluster knows the identities of its gateway',
    wanted:
      'exact identities of the gateway in one namespace, as TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT',
    isRight: (found, { values, scope }) =>
      areIdentities(found, values.trustDomain, `/ns/${scope.namespace}/sa/${values.account}`),
  },
  {
    of: /^AuthorizationPolicy\/allow-prometheus-/,
    at: /^spec\.rules\[0\]\.from\[0\]\.source\.principals$/,
    reason: 'only the cluster knows the identity of its Prometheus',
    wanted:
      'exact identities of Prometheus in one namespace, as TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT',
    isRight: (found, { values, scope }) =>
      areIdentities(found, values.trustDomain, `/ns/${scope.namespace}/sa/${values.account}`),
  },
  {
    of: /^RequestAuthentication\//,
    at: /^spec\.jwtRules\[\d+\]\.jwks$/,
    reason: 'only the cluster knows its keys',
    wanted: 'a JSON Web Key Set',
    isRight: isKeySet,
  },
  {
    of: /^RequestAuthentication\//,
    at: /^spec\.jwtRules\[\d+\]\.jwksUri$/,
    reason: 'only the cluster knows where its keys are',
    wanted: 'an https URL',
    isRight: (found) => isText(found, /^https:\/\/[^\s*]+$/),
  },
  {
    of: /^Namespace\//,
    at: /^metadata\.labels\.?\[?istio\.io\/rev/,
    reason: 'only the cluster knows its revision',
    wanted: 'the revision of the Pod',
    isRight: (found, { scope: { pod }, resource }) => {
      const ofPod = pod && valueAt(pod, [...pathOf(pod), 'metadata', 'labels', 'istio.io/rev'])
      if (found === undefined) return resource.metadata.labels?.['istio-injection'] === 'enabled'
      return isText(found, /^[\w.-]+$/) && (ofPod === undefined || ofPod === found)
    },
  },
  {
    of: /^Namespace\/(?!\w+-profiles$)/,
    at: /^metadata\.labels\.istio-injection$/,
    reason: 'it means the same as the revision "default". What writes to the nodes gets no proxy',
    isRight: (found) => (found === 'enabled' ? true : undefined),
  },
  // The public route.
  {
    of: /^AuthorizationPolicy\/signer-allow-gateway$/,
    at: /^spec\.rules\[0\]\.to$/,
    reason: 'the public routes are those of the application',
    wanted: 'the declared routes of the application, at its port',
    isRight: (found, { scope }) => areDeclared(found, scope.application),
  },
  {
    of: /^Gateway\/public$/,
    at: /^spec\.selector$/,
    reason: 'only the cluster knows the labels of its gateway',
    wanted: 'the labels of the gateway',
    isRight: (found) => areTexts(Object.values(Object(found)), /^[\w.-]+$/),
  },
  {
    of: /^Gateway\/public$/,
    at: /^spec\.servers$/,
    reason: 'hosts, ports and certificates belong to the owner of the host name',
    wanted: 'servers with HTTP or HTTPS, a port and hosts',
    isRight: areServers,
  },
  {
    of: /^VirtualService\//,
    at: /^spec\.hosts$/,
    reason: 'the public host belongs to the user',
    wanted: 'host names',
    isRight: (found) => areTexts(found, hostName),
  },
  {
    of: /^HTTPRoute\//,
    at: /^spec\.hostnames$/,
    reason: 'the public host belongs to the user',
    wanted: 'host names, or none',
    isRight: (found) => found === undefined || areTexts(found, hostName),
  },
  {
    of: /^VirtualService\//,
    at: /^spec\.gateways$/,
    reason: 'an existing Gateway belongs to the cluster',
    wanted: 'the Gateway public, or an existing one',
    isRight: (found, { scope }) =>
      areTexts(found, gatewayName) &&
      (found as string[]).every(
        (each) => each !== 'mesh' && (each.includes('/') || hasGateway(scope, each)),
      ),
  },
  {
    of: /^VirtualService\//,
    at: /^spec\.http$/,
    reason: 'own routes and time-outs. The rule public-route judges what they open',
    wanted: 'a route to the Service of the application, without the header caller-token of clients',
    isRight: (found, { scope }) => areRoutes(found, scope.application),
  },
  {
    of: /^HTTPRoute\/(?!process$|probes$)/,
    at: /^spec\.rules$/,
    reason: 'own routes and time-outs. The rule public-http-route judges what they open',
    wanted: 'a route to the Service of the application, without the header caller-token of clients',
    isRight: (found, { scope }) => areRouteRules(found, scope.application),
  },
  {
    of: /^HTTPRoute\/(?!process$|probes$)/,
    at: /^spec\.parentRefs$/,
    reason: 'an existing Gateway belongs to the cluster',
    wanted: 'a Gateway',
    isRight: (found) =>
      Array.isArray(found) &&
      found.length > 0 &&
      found.every(
        (each) =>
          isText(Object(each).name, gatewayName) &&
          [undefined, 'Gateway', 'ListenerSet', 'XListenerSet'].includes(Object(each).kind),
      ),
  },
  {
    of: /^DestinationRule\//,
    at: /^spec\.trafficPolicy\.connectionPool$/,
    reason: 'time-outs decide nothing about access',
    wanted: 'time-outs such as 1s',
    isRight: isConnectionPool,
  },
  {
    of: /^DestinationRule\//,
    at: /^spec\.trafficPolicy\.(outlierDetection|loadBalancer)$/,
    reason: 'load balancing decides nothing about access',
  },
  // What the application calls, and its other ports.
  {
    of: /^Sidecar\//,
    at: /^spec\.egress\[\d+\]\.hosts$/,
    reason: 'the application says which hosts it calls',
    wanted: 'the hosts that the application calls, as NAMESPACE/HOST',
    isRight: (found, { resource, path, scope }) => {
      const { port, bind } = Object(valueAt(resource, path.slice(0, -1)))
      const isFree = port === undefined || String(bind).endsWith('/collector.sock')
      const isOpen = port === undefined && !scope.application.isOurs
      const form = isOpen ? importedHost : namedHost
      return isFree ? areTexts(found, form) : undefined
    },
  },
  {
    of: /^Sidecar\//,
    at: /^spec\.(egress|ingress)\[\d+\]$/,
    reason:
      'another application may have listeners of its own, which lead neither to the signer nor to the proxy',
    isRight: (found, { scope }) => isOwnListener(found, scope.application) || undefined,
  },
  {
    of: /^Sidecar\//,
    at: /^spec\.(ingress\[\d+\]\.connectionPool|inboundConnectionPool)$/,
    reason: 'limits of connections decide nothing about access',
  },
  {
    of: /^ServiceEntry\/vault$/,
    at: /^spec\.(hosts|ports\[\d+\]\.number)$/,
    reason: 'only the user knows the address of Vault',
    wanted: 'a host name and a port',
    isRight: (found) =>
      areTexts(found, hostName) || (typeof found === 'number' && found > 0 && found < 65_536),
  },
  {
    of: /^Telemetry\/pod-spans$/,
    at: /^spec\.tracing\[\d+\]\.(providers\[\d+\]\.name|randomSamplingPercentage)$/,
    reason: 'only the user knows the provider, and how much to sample',
    wanted: 'a name or a percentage',
    isRight: (found) => typeof found === 'number' || isFilled(found),
  },
  // Network policies.
  {
    of: /^NetworkPolicy\/signer-allow-gateway-to-(frontend|proxy)$/,
    at: /^spec\.ingress\[0\]\.from$/,
    reason: 'only the cluster knows the Pods of its gateway',
    wanted: 'the namespace and the labels of the gateway',
    isRight: (found, { resource }) =>
      Array.isArray(found) &&
      found.length > 0 &&
      found.every((each) => isPeer(each, resource.metadata.name.endsWith('frontend'))),
  },
  {
    of: /^NetworkPolicy\/signer-allow-proxy-to-istiod$/,
    at: /^spec\.egress\[0\]\.to\[0\]\.namespaceSelector\.matchLabels$/,
    reason: 'only the cluster knows the namespace of istiod',
    wanted: 'the name of one namespace',
    isRight: isNamed,
  },
  // Linkerd.
  {
    of: /^MeshTLSAuthentication\/gateway$/,
    at: /^spec\.identityRefs\[0\]\.(name|namespace)$/,
    reason: 'only the cluster knows the identity of its gateway',
    wanted: 'a name',
    isRight: (found) => isText(found, /^[A-Za-z0-9_.-]+$/),
  },
  {
    of: /^NetworkAuthentication\/kubelet$/,
    at: /^spec\.networks$/,
    reason: 'the addresses of the nodes are narrower than every address',
  },
  // Key managers.
  {
    of: /^SecretStore\/key-manager$/,
    at: /^spec\.provider\.(aws\.region|azurekv\.(vaultUrl|tenantId|environmentType)|gcpsm\.(projectID|location)|gcpsm\.auth\.workloadIdentity\.cluster(ProjectID|Location|Name))$/,
    reason: 'only the user knows the account at the cloud',
    wanted: 'a value of yours',
    isRight: isFilled,
  },
  {
    of: /^ServiceAccount\/key-reader$/,
    at: /^metadata\.annotations$/,
    reason: 'only the user knows the identity at the cloud. No Pod has this ServiceAccount',
    wanted: 'an identity of yours at the cloud',
    isRight: (found) =>
      Object.entries(Object(found)).every(
        ([key, value]) => cloudIdentity.test(key) && isFilled(value),
      ),
  },
  {
    of: /^ExternalSecret\/hmac-key$/,
    at: /^spec\.(dataFrom\[0\]\.extract\.key|refreshInterval)$/,
    reason: 'only the user knows the name of the key in the manager',
    wanted: 'a name',
    isRight: isFilled,
  },
  // Kubernetes.
  {
    of: /^Service\//,
    at: /^spec\.clusterIPs?(\[\d+\])?$/,
    reason: 'the API server gives the Service its address',
    wanted: 'an address',
    isRight: (found) => found === undefined || areTexts([found].flat(), /^[0-9a-f.:]+$/),
  },
  {
    of: /^Service\//,
    at: /^spec\.(ipFamil\w+|trafficDistribution|sessionAffinity\w*)$/,
    reason: 'balancing decides nothing about access',
  },
  {
    of: /^ServiceAccount\//,
    at: /^(secrets|imagePullSecrets)$/,
    reason: 'registries belong to the cluster',
  },
  { of: /^ConfigMap\//, at: /^immutable$/, reason: 'it only forbids changes' },
  { of: /^Namespace\//, at: /^spec$/, reason: 'Kubernetes writes its finalizer here' },
  {
    of: /^Namespace\//,
    at: /^metadata\.labels\[pod-security\.kubernetes\.io\/enforce-version\]$/,
    reason: 'each version of the level "restricted" that is supported is strict enough',
    wanted: 'latest, or a version of Kubernetes that is supported',
    isRight: (found) => found === undefined || isText(found, /^(latest|v1\.(2[5-9]|[3-9]\d))$/),
  },
  {
    of: /^HorizontalPodAutoscaler\//,
    at: /^spec\.(minReplicas|maxReplicas|metrics|behavior)$/,
    reason: 'the number of Pods decides nothing about access',
  },
  {
    of: /^PodDisruptionBudget\//,
    at: /^spec\.(maxUnavailable|minAvailable|unhealthyPodEvictionPolicy)$/,
    reason: 'the number of Pods decides nothing about access',
  },
  {
    of: /^DaemonSet\//,
    at: /^spec\.(updateStrategy|minReadySeconds|template\.metadata|template\.spec\.(affinity|nodeSelector|tolerations|priorityClassName|imagePullSecrets|terminationGracePeriodSeconds|serviceAccount|(initContainers|containers)\[\d+\]\.(image|imagePullPolicy)))$/,
    reason: 'images and nodes belong to the cluster',
  },
  {
    of: /^DaemonSet\//,
    at: /^spec\.template\.spec\.(initContainers|containers)\[\d+\]\.resources$/,
    reason: 'how much a container may use belongs to the cluster, and it has limits',
    isRight: (found) =>
      ['cpu', 'memory'].every(
        (name) => readQuantity(valueAt(found, ['limits', name])) !== undefined,
      ) || undefined,
  },
  // Monitoring.
  {
    of: /^ConfigMap\/secure-signing-dashboard$/,
    at: /^(data|binaryData)$/,
    reason: 'a dashboard only shows',
  },
  {
    of: /^PodMonitor\//,
    at: /^spec\.(podMetricsEndpoints\[\d+\]\.(interval|scrapeTimeout)|scrapeClass|sampleLimit|labelLimit)$/,
    reason: 'how Prometheus reads belongs to its owner',
  },
  {
    of: /^PrometheusRule\//,
    at: /^spec\.groups$/,
    reason: 'thresholds and texts of alerts belong to who is on call',
  },
]

/** Returns what `found` may choose. */
export function chooseFor(resource: Resource, scope: Scope, values: Values): Choice {
  const name = describeResource(resource)
  const own = chosen.filter(({ of }) => of.test(name))
  return (path, found) => {
    const place = formatPath(path)
    for (const { at, isRight, wanted } of own) {
      if (!at.test(place)) continue
      const right = isRight === undefined || isRight(found, { scope, values, resource, path })
      if (right !== undefined) return right || (wanted ?? 'another value')
    }
    return undefined
  }
}

function isFilled(found: unknown): boolean {
  return isText(found, word) && !isText(found, placeholder)
}

/** A namespace by its name, and with `areLabelled` the labels of its Pods. */
function isPeer(found: unknown, areLabelled: boolean): boolean {
  const { namespaceSelector, podSelector, ...others } = Object(found)
  const labels = Object.values(Object(valueAt(podSelector, ['matchLabels'])))
  return (
    Object.keys(others).length === 0 &&
    isNamed(valueAt(namespaceSelector, ['matchLabels'])) &&
    (!areLabelled || areTexts(labels, /^[\w.-]+$/))
  )
}

function isNamed(labels: unknown): boolean {
  const [[key, value] = [], ...others] = Object.entries(Object(labels))
  return (
    key === 'kubernetes.io/metadata.name' &&
    isText(value, /^[A-Za-z0-9_-]+$/) &&
    others.length === 0
  )
}

function hasGateway({ resources }: Scope, wanted: string): boolean {
  const { length } = resources.filter(({ kind }) => kind === 'Gateway')
  return (
    length === 0 ||
    resources.some((each) => each.kind === 'Gateway' && each.metadata.name === wanted)
  )
}
