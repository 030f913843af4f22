// The resources that an incident needs, each in a file. A Secret is never among them.
import { freezeMarker, namespace } from '../../kube/names.ts'

/** `fallback`: what a user reads who may read only the namespace. */
export type Part = { file: string; args: readonly string[]; fallback?: readonly string[] }

const inNamespace = ['-n', namespace]
/** The managed fields tell who changed what. */
const asYaml = ['-o', 'yaml', '--show-managed-fields']
const inGroup = (group: string, names: string) =>
  names.split(' ').map((name) => (group === '' ? name : `${name}.${group}`))

const ofNamespace = [
  ...inGroup('', 'pods events services serviceaccounts'),
  ...inGroup('apps', 'deployments replicasets statefulsets daemonsets'),
  ...inGroup('batch', 'jobs cronjobs'),
  ...inGroup('autoscaling', 'horizontalpodautoscalers'),
  ...inGroup('policy', 'poddisruptionbudgets'),
  ...inGroup('networking.k8s.io', 'networkpolicies'),
  ...inGroup('discovery.k8s.io', 'endpointslices'),
  ...inGroup('rbac.authorization.k8s.io', 'roles rolebindings'),
  ...inGroup('networking.istio.io', 'virtualservices destinationrules serviceentries gateways'),
  ...inGroup('gateway.networking.k8s.io', 'gateways httproutes'),
  ...inGroup('external-secrets.io', 'externalsecrets'),
]
/** Those of istiod's namespace apply to our Pods, too. */
const meshPolicies = [
  ...inGroup('security.istio.io', 'authorizationpolicies peerauthentications'),
  ...inGroup('security.istio.io', 'requestauthentications'),
  ...inGroup('networking.istio.io', 'sidecars envoyfilters proxyconfigs'),
  ...inGroup('telemetry.istio.io', 'telemetries'),
  ...inGroup('extensions.istio.io', 'wasmplugins trafficextensions'),
]
const admission = [
  ...inGroup('admissionregistration.k8s.io', 'validatingadmissionpolicies'),
  ...inGroup('admissionregistration.k8s.io', 'validatingadmissionpolicybindings'),
  ...inGroup('admissionregistration.k8s.io', 'validatingwebhookconfigurations'),
  ...inGroup('admissionregistration.k8s.io', 'mutatingwebhookconfigurations'),
]

/** `served`: what the API server has, as `kubectl api-resources` names it. `nodes`: those of the Pods. */
export function listParts(served: readonly string[], nodes: readonly string[]): Part[] {
  const has = (kind: string) => served.includes(kind)
  const ours = ['-l', 'app.kubernetes.io/part-of=secure-signing']
  return [
    part('freeze-marker', ['get', 'configmap', freezeMarker, ...inNamespace, optional]),
    ...ofNamespace.filter(has).map((kind) => part(kind, ['get', kind, ...inNamespace])),
    part('configmaps', ['get', 'configmaps', ...inNamespace, ...ours]),
    part('namespace', ['get', 'namespace', namespace]),
    part('events-of-nodes', ['get', 'events', '-n', 'default', ofNodes]),
    ...meshPolicies
      .filter(has)
      .map((kind) => part(kind, ['get', kind, everywhere], ['get', kind, ...inNamespace])),
    ...admission.filter(has).map((kind) => part(kind, ['get', kind])),
    part('istiod', ['get', 'deployments.apps', everywhere, '-l', 'app=istiod']),
    { file: 'versions.yaml', args: ['version', '-o', 'yaml'] },
    ...nodes.flatMap((node) => [
      part(`node-${node}`, ['get', 'node', node]),
      { file: `kubelet-${node}.json`, args: ['get', '--raw', configOf(node)] },
    ]),
  ]
}

const optional = '--ignore-not-found'
const everywhere = '--all-namespaces'
const ofNodes = '--field-selector=involvedObject.kind=Node'

function configOf(node: string): string {
  return `/api/v1/nodes/${node}/proxy/configz`
}

function part(name: string, args: readonly string[], fallback?: readonly string[]): Part {
  return {
    file: `${name}.yaml`,
    args: [...args, ...asYaml],
    ...(fallback && { fallback: [...fallback, ...asYaml] }),
  }
}
