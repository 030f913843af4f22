// What in an application's Pod template collides with the signer beside it, or opens a way around it.
import { listRefusedAnnotations, listRefusedLabels } from '../../analyze/model/allowed-metadata.ts'
import type { Manifest } from '../../kube/application/manifests.ts'
import {
  type ApplicationContainer,
  type ApplicationPod,
  listContainers,
} from '../../kube/application/pod.ts'
import { reservedContainer } from '../../kube/application/schema.ts'
import type { Application } from '../../kube/application.ts'
import { signerPort } from '../../kube/names.ts'
import type { Problem } from './problem.ts'
import { proxyConfigAnnotation } from './proxy-config.ts'

type Found = Omit<Problem, 'manifest'>
/** `isInMesh`: Istio's proxy runs in the Pod. */
type Subject = { config: Application; pod: ApplicationPod; isInMesh: boolean }

export const apiTokenVolume = 'api-token'
const ownVolumes = [
  ...['hmac-key', 'pairing', 'signer-socket', 'signer-freeze', 'caller-token'],
  apiTokenVolume,
]
const ownPaths = ['/run/pairing', '/run/identity', '/run/signer', '/run/key', '/run/freeze']
const signerId = 10_002
/** Istio lets this user and group around its proxy. */
const proxyId = 1337
/** The settings of the proxy that the signer depends on, with the only value that they may have. */
const proxySettings: Readonly<Record<string, string | undefined>> = {
  'sidecar.istio.io/inject': 'true',
  'sidecar.istio.io/userVolume': undefined,
  'sidecar.istio.io/userVolumeMount': undefined,
  'sidecar.istio.io/bootstrapOverride': undefined,
  'sidecar.istio.io/interceptionMode': 'REDIRECT',
  'sidecar.istio.io/rewriteAppHTTPProbers': 'true',
  'traffic.sidecar.istio.io/includeInboundPorts': '*',
  'traffic.sidecar.istio.io/includeOutboundIPRanges': '*',
}
const capture = /^traffic\.sidecar\.istio\.io\//
const shared = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace'] as const
const template = 'spec.template'
const podSpec = `${template}.spec`

export function checkPod(manifest: Manifest, subject: Subject): Problem[] {
  const found = [
    ...checkContainerNames(subject),
    ...checkAccount(subject),
    ...checkVolumes(subject),
    ...checkUsers(subject),
    ...checkNamespaces(subject),
    ...(subject.isInMesh ? [...checkPorts(subject), ...checkProxySettings(subject)] : []),
  ]
  return found.map((each) => ({ ...each, manifest }))
}

function checkContainerNames({ config, pod }: Subject): Found[] {
  const { containers, initContainers } = pod.spec
  const names = containers.map(({ name }) => name)
  const all = [...initContainers.map(({ name }) => name), ...names]
  const missing: Found[] = names.includes(config.container)
    ? []
    : [
        {
          field: `${podSpec}.containers`,
          what: `there is no container ${config.container}`,
          todo: `Set \`container\` at ${config.place('container')} to one of ${names.join(', ')}`,
        },
      ]
  const unknown = config.apiToken.filter((name) => !all.includes(name))
  return [
    ...missing,
    ...unknown.map((name) => ({
      field: `${podSpec}.containers`,
      what: `there is no container ${name}, which apiToken names`,
      todo: `Use names among ${all.join(', ')}`,
    })),
    ...all
      .filter((name) => reservedContainer.test(name))
      .map((name) => ({
        field: `${podSpec}.containers.${name}`,
        what: 'the signer or a proxy has this name',
        todo: 'Give the container another name, or remove it',
      })),
  ]
}

function checkAccount({ config, pod }: Subject): Found[] {
  const { serviceAccountName: found } = pod.spec
  const field = `${podSpec}.serviceAccountName`
  if (found === undefined || found === 'default') {
    return [
      {
        field,
        what: 'the Pod has no ServiceAccount of its own, by which the policies tell it from others',
        todo: `Add a ServiceAccount to the resources, and set this field to its name`,
      },
    ]
  }
  if (config.serviceAccount === undefined || config.serviceAccount === found) return []
  return [
    {
      field,
      what: `it is ${found}, but \`serviceAccount\` is ${config.serviceAccount}`,
      todo: 'Correct one of them',
    },
  ]
}

function checkVolumes({ pod }: Subject): Found[] {
  const volumes = pod.spec.volumes.filter(({ name }) => ownVolumes.includes(name))
  const isOwn = (path: string) =>
    ownPaths.some((own) => path.replace(/\/+$/, '') === own || path.startsWith(`${own}/`))
  return [
    ...volumes.map(({ name }) => ({
      field: `${podSpec}.volumes.${name}`,
      what: 'the signer has a volume of this name',
      todo: 'Give the volume another name',
    })),
    ...listContainers(pod).flatMap(({ name, volumeMounts }) =>
      volumeMounts
        .filter(({ mountPath }) => isOwn(mountPath))
        .map(({ mountPath }) => ({
          field: `${podSpec}.containers.${name}.volumeMounts`,
          what: `${mountPath} is where the signer's volumes are mounted`,
          todo: 'Mount the volume at another path',
        })),
    ),
  ]
}

function checkUsers({ pod, isInMesh }: Subject): Found[] {
  const { securityContext } = pod.spec
  const reserved = isInMesh ? [signerId, proxyId] : [signerId]
  const describe = (field: string, value: number): Found => ({
    field,
    what:
      value === proxyId
        ? `${proxyId} is the id of Istio's proxy, whose traffic goes around the policies`
        : `${signerId} is the id of the signer, whose processes and files would be open`,
    todo: 'Use another id',
  })
  const check = (place: string, ids: Readonly<Record<string, number | undefined>>) =>
    Object.entries(ids).flatMap(([name, value]) =>
      value !== undefined && reserved.includes(value) ? [describe(`${place}.${name}`, value)] : [],
    )
  const { runAsUser, runAsGroup, fsGroup, supplementalGroups } = securityContext
  return [
    ...check(`${podSpec}.securityContext`, { runAsUser, runAsGroup, fsGroup }),
    ...supplementalGroups.flatMap((value) =>
      check(`${podSpec}.securityContext`, { supplementalGroups: value }),
    ),
    ...listContainers(pod).flatMap((each: ApplicationContainer) =>
      check(`${podSpec}.containers.${each.name}.securityContext`, {
        runAsUser: each.securityContext.runAsUser,
        runAsGroup: each.securityContext.runAsGroup,
      }),
    ),
  ]
}

function checkNamespaces({ pod }: Subject): Found[] {
  return shared
    .filter((name) => pod.spec[name] === true)
    .map((name) => ({
      field: `${podSpec}.${name}`,
      what: 'it opens the Pod to processes that must stay apart from the signer',
      todo: 'Remove it',
    }))
}

function checkPorts({ config, pod }: Subject): Found[] {
  const ports = listContainers(pod).flatMap(({ name, ports: own }) =>
    own.map(({ containerPort }) => ({ name, port: containerPort })),
  )
  const all = [...ports, { name: config.container, port: config.port }]
  const taken = new Map(all.map((each) => [each.port, each.name]))
  return [...taken]
    .filter(([port]) => port === signerPort || (port >= 15_000 && port <= 15_090))
    .map(([port, name]) => ({
      field: `${podSpec}.containers.${name}.ports`,
      what: `port ${port} belongs to ${port === signerPort ? 'the route to the signer' : "Istio's proxy"}`,
      todo: 'Have the container listen on another port',
    }))
}

function checkProxySettings({ pod }: Subject): Found[] {
  const { annotations, labels } = pod.metadata
  const found: Found[] = Object.entries(annotations)
    .filter(([name, value]) => {
      const isEmpty = capture.test(name) && value === ''
      const isKnown = Object.hasOwn(proxySettings, name) || capture.test(name)
      return isKnown && !isEmpty && proxySettings[name] !== value
    })
    .map(([name]) => ({
      field: `${template}.metadata.annotations.${name}`,
      what: 'the signer needs another value of this setting of the proxy',
      todo: capture.test(name)
        ? 'Remove it. Name the hosts that the application calls in `egress`'
        : 'Remove it',
    }))
  if (labels['sidecar.istio.io/inject'] === 'false') {
    found.push({
      field: `${template}.metadata.labels.sidecar.istio.io/inject`,
      what: 'the signer is only reached through the proxy',
      todo: 'Remove it, or use OVERLAY=no-mesh',
    })
  }
  // The API server refuses these at the Pod, when the cluster has changed already.
  const { [proxyConfigAnnotation]: _, ...others } = annotations
  const judged = [
    ...listRefusedAnnotations(others).map((name) => `annotations.${name}`),
    ...listRefusedLabels(labels).map((name) => `labels.${name}`),
  ].map((name) => `${template}.metadata.${name}`)
  for (const field of judged) {
    if (found.some((each) => each.field === field)) continue
    found.push({
      field,
      what: 'it can lead traffic around the proxy, or nobody has checked what it does',
      todo: 'Remove it',
    })
  }
  if (pod.spec.hostname !== undefined) {
    found.push({
      field: `${podSpec}.hostname`,
      what: 'the proxy finds the signer of its own Pod by the name signing-pod',
      todo: 'Remove it',
    })
  }
  return found
}
