// The Pod: it runs no other code than the deployed one, and reaches nothing of the node, of the API server or of other volumes.
import { type Finding, type Path, valueAt } from '../../../analyze/finding.ts'
import type { Resource } from '../../../kube/resources.ts'
import { checkAnnotations } from './annotations.ts'
import { checkContainers, checkSecurity } from './containers.ts'
import { allowOnly, type Check, isAsDeployed, listAt, refuse } from './context.ts'
import { checkTemplateLabels } from './metadata.ts'

const spec = ['spec'] as const
const pod = [...spec, 'template', 'spec'] as const
/** What places the Pod stays as deployed: see prepare.ts. */
export const placing = [
  ...['nodeSelector', 'affinity', 'tolerations', 'topologySpreadConstraints', 'priorityClassName'],
]
const fields = [
  ...['containers', 'volumes', 'serviceAccountName', 'securityContext', 'enableServiceLinks'],
  ...['hostname', 'terminationGracePeriodSeconds', 'automountServiceAccountToken'],
]
const harmless: Readonly<Record<string, unknown>> = {
  restartPolicy: 'Always',
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
  shareProcessNamespace: false,
  ...{ hostNetwork: false, hostPID: false, hostIPC: false },
}
const podSecurity = [
  ...['runAsNonRoot', 'runAsUser', 'runAsGroup', 'fsGroup', 'fsGroupChangePolicy'],
  ...['supplementalGroups', 'seccompProfile'],
]
const hostFields = ['hostNetwork', 'hostPID', 'hostIPC', 'hostUsers', 'shareProcessNamespace']

export const checkDeployment: Check = (resource, context) => {
  if (!context.deployments.includes(resource.metadata.name)) return []
  const asUsual = Object.keys(harmless).filter(
    (key) => valueAt(resource, [...pod, key]) === harmless[key],
  )
  return [
    ...allowOnly(
      resource,
      spec,
      [
        ...['replicas', 'selector', 'template', 'strategy', 'minReadySeconds'],
        ...['revisionHistoryLimit', 'progressDeadlineSeconds'],
      ],
      context,
    ),
    ...allowOnly(resource, [...spec, 'template'], ['metadata', 'spec'], context),
    ...allowOnly(resource, [...spec, 'template', 'metadata'], ['labels', 'annotations'], context),
    ...checkTemplateLabels(resource, context),
    ...checkAnnotations(resource, context),
    ...hostFields
      .filter((key) => valueAt(resource, [...pod, key]) === true && key !== 'hostUsers')
      .map((key) =>
        refuse(resource, [...pod, key], `sets ${key}, which opens the node or the Pod`),
      ),
    ...allowOnly(resource, pod, [...fields, ...placing, ...hostFields, ...asUsual], context),
    ...checkAccountOf(resource, context),
    ...allowOnly(resource, [...pod, 'securityContext'], podSecurity, context),
    ...checkSecurity(Object(valueAt(resource, [...pod, 'securityContext'])), {}).map((field) =>
      refuse(resource, [...pod, 'securityContext'], `sets ${field} for the Pod`),
    ),
    ...checkContainers(resource, context),
    ...listAt(resource, [...pod, 'volumes']).flatMap((volume, index) =>
      checkVolume(resource, Object(volume), [...pod, 'volumes', index], context),
    ),
  ]
}

const checkAccountOf: Check = (resource, context) =>
  ['serviceAccountName', 'automountServiceAccountToken'].flatMap((key) => {
    const path = [...pod, key]
    const value = valueAt(resource, path)
    if (value === false || value === undefined || isAsDeployed(resource, path, context)) return []
    return [refuse(resource, path, `sets ${key}, which gives the Pod another token`)]
  })

/** Memory, the deployed Secret and ConfigMaps, and the token for the signer. */
function checkVolume(
  resource: Resource,
  volume: Record<string, unknown>,
  path: Path,
  context: Parameters<Check>[1],
): Finding[] {
  const { name, ...source } = volume
  const [type = 'emptyDir'] = Object.keys(source)
  const deployed = context.deployed
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap((each) => listAt(each, [...pod, 'volumes']).map((found) => namesIn(found)))
  const isUsed = namesIn(volume).every((each) => deployed.flat().includes(each))
  const isKnown = ['emptyDir', 'secret', 'configMap', 'projected'].includes(type)
  if (isKnown && Object.keys(source).length <= 1 && isUsed) return []
  return [
    refuse(
      resource,
      path,
      `has the volume ${name} of ${type}, which the deployed Pod does not have`,
    ),
  ]
}

/** What a volume reads: "secret hmac-key", "token signer". */
function namesIn(volume: unknown): string[] {
  const { secret, configMap, projected } = Object(volume)
  const sources: unknown[] = Array.isArray(projected?.sources) ? projected.sources : []
  return [
    ...(secret === undefined ? [] : [`secret ${secret.secretName}`]),
    ...(configMap === undefined ? [] : [`configMap ${configMap.name}`]),
    ...sources.flatMap((each) =>
      Object.entries(Object(each)).map(
        ([kind, source]) =>
          `${kind} ${Object(source).audience ?? Object(source).name ?? JSON.stringify(source)}`,
      ),
    ),
  ]
}
