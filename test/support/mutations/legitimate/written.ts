// What the API server, kubectl, Helm and GitOps tools write into resources, and what changes only the text of a file.
import type { Resource } from '../../../../tools/kube/resources.ts'

export type Rewrite = (resource: Resource) => Resource

export const written: Readonly<Record<string, Rewrite>> = {
  'metadata of the API server': (each) => ({
    ...each,
    metadata: {
      ...each.metadata,
      ...{ uid: '1f0c0a4e-0000-4000-8000-000000000000', resourceVersion: '4711', generation: 3 },
      creationTimestamp: '2026-11-30T05:00:00Z',
      managedFields: [{ manager: 'kubectl', operation: 'Apply', apiVersion: each.apiVersion }],
    },
  }),
  'a status': (each) => ({ ...each, status: { observedGeneration: 3, conditions: [] } }),
  'labels of Helm': (each) => ({
    ...each,
    metadata: {
      ...each.metadata,
      labels: { ...each.metadata.labels, 'helm.sh/chart': 'shop-1.2.3' },
      annotations: {
        ...each.metadata.annotations,
        'meta.helm.sh/release-name': 'shop',
        'meta.helm.sh/release-namespace': 'signing',
      },
    },
  }),
  'labels of Argo CD': (each) => ({
    ...each,
    metadata: {
      ...each.metadata,
      labels: { ...each.metadata.labels, 'app.kubernetes.io/instance': 'signing' },
      annotations: { ...each.metadata.annotations, 'argocd.argoproj.io/sync-wave': '1' },
    },
  }),
  'the annotation of kubectl apply': (each) => ({
    ...each,
    metadata: {
      ...each.metadata,
      annotations: {
        ...each.metadata.annotations,
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(each),
      },
    },
  }),
  'another order of keys': (each) =>
    JSON.parse(JSON.stringify(each), (_, value) =>
      isMap(value) ? Object.fromEntries(Object.entries(value).toReversed()) : value,
    ),
  defaults: (each) => addDefaults[each.kind]?.(each) ?? each,
}

const addDefaults: Readonly<Record<string, Rewrite>> = {
  Deployment: (each) =>
    inSpec(each, (spec) => ({ progressDeadlineSeconds: 600, ...addToWorkload(spec) })),
  DaemonSet: (each) => inSpec(each, addToWorkload),
  Service: (each) =>
    inSpec(each, (spec) => ({
      ...{ type: 'ClusterIP', clusterIP: '10.0.0.7', clusterIPs: ['10.0.0.7'] },
      ...{ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', sessionAffinity: 'None' },
      ...{ internalTrafficPolicy: 'Cluster', ...spec },
      ports: listOf(spec.ports).map((port) => ({ protocol: 'TCP', ...port })),
    })),
  Namespace: (each) => ({
    ...each,
    spec: { finalizers: ['kubernetes'] },
    metadata: {
      ...each.metadata,
      labels: { ...each.metadata.labels, 'kubernetes.io/metadata.name': each.metadata.name },
    },
  }),
  HTTPRoute: (each) =>
    inSpec(each, (spec) => ({
      ...spec,
      parentRefs: listOf(spec.parentRefs).map((ref) => ({
        ...{ group: 'gateway.networking.k8s.io', kind: 'Gateway', ...ref },
      })),
    })),
}

type Fields = Record<string, unknown>

function inSpec(each: Resource, change: (spec: Fields) => Fields): Resource {
  return { ...each, spec: change(Object(each.spec)) }
}

function addToWorkload(spec: Fields): Fields {
  const template = Object(spec.template)
  const pod = Object(template.spec)
  const lists = ['containers', 'initContainers'].filter((name) => Array.isArray(pod[name]))
  return {
    ...{ revisionHistoryLimit: 10, ...spec },
    template: {
      ...template,
      spec: {
        ...{ dnsPolicy: 'ClusterFirst', restartPolicy: 'Always' },
        ...{ schedulerName: 'default-scheduler', serviceAccount: pod.serviceAccountName },
        ...{ securityContext: {}, terminationGracePeriodSeconds: 30, ...pod },
        volumes: listOf(pod.volumes).map(addToVolume),
        ...Object.fromEntries(lists.map((name) => [name, listOf(pod[name]).map(addToContainer)])),
      },
    },
  }
}

function addToVolume(volume: Fields): Fields {
  return Object.fromEntries(
    Object.entries(volume).map(([name, source]) => [
      name,
      ['secret', 'configMap', 'projected'].includes(name)
        ? { defaultMode: 420, ...Object(source) }
        : source,
    ]),
  )
}

function addToContainer(container: Fields): Fields {
  const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'].filter((n) => container[n])
  return {
    ...{ imagePullPolicy: 'IfNotPresent', terminationMessagePath: '/dev/termination-log' },
    ...{ terminationMessagePolicy: 'File', resources: {}, ...container },
    ...(Array.isArray(container.ports) && {
      ports: listOf(container.ports).map((port) => ({ protocol: 'TCP', ...port })),
    }),
    ...Object.fromEntries(probes.map((name) => [name, addToProbe(Object(container[name]))])),
  }
}

function addToProbe(probe: Fields): Fields {
  return {
    ...{ failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1, ...probe },
    ...(isMap(probe.httpGet) && { httpGet: { scheme: 'HTTP', ...probe.httpGet } }),
  }
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value : []
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
