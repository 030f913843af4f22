// What the mesh-wide configuration does to our Pods. What our resources set themselves is left out: capture, automatic mTLS, export
// and injection.
import { z } from 'zod'
import { application } from '../../kube/application.ts'
import type { ControlPlane } from '../../kube/control-plane.ts'
import { type LabelSelector, selectsLabels } from '../../kube/label-selector.ts'
import { separatePods } from '../../kube/layouts.ts'
import type { MeshConfig } from '../../kube/mesh-config.ts'
import { namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { parseYaml } from '../../kube/yaml.ts'
import { readLayout } from '../model/pod.ts'
import type { Judgment, Severity } from './judgment.ts'

/** Labels of a namespace on the cluster, by its name. */
export type NamespaceLabels = Readonly<Record<string, Record<string, string>>>

type Input = {
  ours: readonly Resource[]
  controlPlane: ControlPlane
  labels: NamespaceLabels
  gatewayNamespaces: readonly string[]
}

const injectionConfig = z.looseObject({
  defaultTemplates: z.array(z.string()).default(['sidecar']),
  aliases: z.record(z.string(), z.array(z.string())).nullish(),
})
const injectionValues = z.looseObject({
  global: z
    .looseObject({ proxy: z.looseObject({ privileged: z.boolean().optional() }).default({}) })
    .default({ proxy: {} }),
  pilot: z
    .looseObject({ env: z.record(z.string(), z.union([z.string(), z.boolean()])).default({}) })
    .default({ env: {} }),
})
/** A formatter of Envoy that prints the header with the caller token. */
const tokenInLog = /%REQ(?:_WITHOUT_QUERY)?\(\s*caller-token/i
const tokenHeader = 'caller-token'

export function judgeMeshDefaults(input: Input): Judgment[] {
  const { controlPlane } = input
  return [
    ...(controlPlane.mesh === undefined ? [] : judgeMesh(input, controlPlane.mesh)),
    ...judgeInjection(controlPlane),
    ...judgeEnvironment(input),
    ...judgeNamespace(input),
  ]
}

function judgeMesh({ ours, controlPlane, labels, gatewayNamespaces }: Input, mesh: MeshConfig) {
  const change = `Change it in the ConfigMap ${controlPlane.meshSource}`
  const about = (field: string) => `meshConfig.${field}`
  const isHidden = (name: string) =>
    mesh.discoverySelectors.length > 0 &&
    labels[name] !== undefined &&
    !mesh.discoverySelectors.some((each) => selectsLabels(each, labels[name] ?? {}))
  const tags = Object.values(mesh.defaultConfig.tracing?.customTags ?? {})
  const logs = JSON.stringify([mesh.accessLogFormat, mesh.extensionProviders])
  const isRevealing = readLayout(ours) === separatePods
  return [
    ...(isHidden(namespace)
      ? [
          {
            severity: 'breaks' as Severity,
            about: about('discoverySelectors'),
            message: `they leave out the namespace ${namespace}, so istiod does not configure its proxies`,
            todo: adviseLabels(mesh.discoverySelectors, change, namespace),
          },
        ]
      : []),
    // Only by the gateway's Service does istiod know which port of the Pod serves port 80 of our Gateway.
    ...gatewayNamespaces.filter(isHidden).map((name) => ({
      severity: (hasOwnGateway(ours) ? 'breaks' : 'note') as Severity,
      about: about('discoverySelectors'),
      message: `they leave out the namespace ${name} of the ingress gateway, so istiod does not know its Service and ports`,
      todo: `${hasOwnGateway(ours) ? '' : 'If the gateway does not answer: '}${adviseLabels(mesh.discoverySelectors, change, name)}`,
    })),
    ...(mesh.trustDomainAliases.length > 0
      ? [
          {
            severity: 'note' as Severity,
            about: about('trustDomainAliases'),
            message: `a workload of ${mesh.trustDomainAliases.join(', ')} with the namespace and ServiceAccount of ours counts as ours`,
            todo: 'Make sure that you trust who creates workloads there',
          },
        ]
      : []),
    ...(isRevealing && (tokenInLog.test(logs) || tags.some(hasTokenHeader))
      ? [
          {
            severity: 'weakens' as Severity,
            about: tokenInLog.test(logs)
              ? about('accessLogFormat')
              : about('defaultConfig.tracing'),
            message: "it copies the frontend's caller token into logs or traces",
            todo: `Remove the header Caller-Token from it. ${change}`,
          },
        ]
      : []),
  ]
}

function hasTokenHeader({ header }: { header?: { name: string } | undefined }): boolean {
  return header?.name.toLowerCase() === tokenHeader
}

function judgeInjection({ injection, injector }: ControlPlane): Judgment[] {
  const values = injectionValues.safeParse(tryParse(injection.values)).data
  const config = injectionConfig.safeParse(tryParse(injection.config)).data
  const templates = config?.defaultTemplates.flatMap((each) => [
    each,
    ...(config.aliases?.[each] ?? []),
  ])
  const about = `the sidecar injector of revision ${injector.revision}`
  return [
    ...(values?.global.proxy.privileged === true
      ? [
          {
            severity: 'breaks' as Severity,
            about,
            message: 'global.proxy.privileged is true, and Pod Security refuses a privileged proxy',
            todo: 'Install this revision without it, or set ISTIO_REVISION to another one',
          },
        ]
      : []),
    ...(templates !== undefined && templates.join() !== 'sidecar'
      ? [
          {
            severity: (templates.includes('sidecar') ? 'note' : 'breaks') as Severity,
            about,
            message: `it uses the templates ${templates.join(', ')} by default${templates.includes('sidecar') ? '' : ", and not Istio's sidecar"}`,
            todo: 'The dry run of a Pod shows what they add',
          },
        ]
      : []),
  ]
}

function judgeEnvironment({ ours, controlPlane, gatewayNamespaces }: Input): Judgment[] {
  const name = 'PILOT_SCOPE_GATEWAY_TO_NAMESPACE'
  const values = injectionValues.safeParse(tryParse(controlPlane.injection.values)).data
  const value = controlPlane.istiod?.env[name] ?? values?.pilot.env[name]
  if (String(value) !== 'true' || !hasOwnGateway(ours)) return []
  if (gatewayNamespaces.every((each) => each === namespace)) return []
  return [
    {
      severity: 'breaks',
      about: `istiod's variable ${name}`,
      message: `a gateway ignores the Gateway resource of another namespace, so it ignores ours`,
      todo: "Use an existing Gateway of the gateway's namespace: docs/production.md",
    },
  ]
}

function hasOwnGateway(ours: readonly Resource[]): boolean {
  return ours.some(
    ({ kind, apiVersion }) => kind === 'Gateway' && apiVersion.startsWith('networking.istio.io/'),
  )
}

function judgeNamespace({ labels }: Input): Judgment[] {
  const injection = labels[namespace]?.['istio-injection']
  // Other workloads of a shared namespace may need the label.
  if (injection === undefined || (application.sharedNamespace && injection !== 'disabled'))
    return []
  return [
    {
      severity: injection === 'disabled' ? 'breaks' : 'note',
      about: `Namespace ${namespace}`,
      message:
        injection === 'disabled'
          ? 'its label istio-injection=disabled wins over istio.io/rev, so Pods get no sidecar'
          : `its label istio-injection=${injection} wins over istio.io/rev: the default revision injects`,
      todo: application.sharedNamespace
        ? 'Use a namespace that injects.'
        : `Remove the label: kubectl label namespace ${namespace} istio-injection-`,
    },
  ]
}

/** Returns the command that makes the first selector fit, if labels alone can do it. */
function adviseLabels(
  selectors: readonly LabelSelector[],
  otherwise: string,
  name: string,
): string {
  const commands = selectors.map(({ matchLabels, matchExpressions }) => {
    const wanted = matchExpressions.map(({ key, operator, values: [value] }) =>
      operator === 'In' ? `${key}=${value}` : operator === 'Exists' ? `${key}=true` : undefined,
    )
    if (wanted.includes(undefined) || matchLabels['kubernetes.io/metadata.name']) return undefined
    return [...Object.entries(matchLabels).map((pair) => pair.join('=')), ...wanted].join(' ')
  })
  const first = commands.find((each) => each)
  if (first === undefined) return otherwise
  const create =
    name === namespace ? `kubectl create namespace ${name} (if it does not exist), then ` : ''
  return `Label it: ${create}kubectl label namespace ${name} ${first}. Or change the ConfigMap`
}

function tryParse(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return parseYaml(text)
  } catch {
    return undefined
  }
}
