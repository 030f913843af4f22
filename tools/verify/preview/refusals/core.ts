// Kubernetes' own small kinds: a Service inside the cluster, an account without rights, and the text of the proxy's admin port.
import { z } from 'zod'
import { valueAt } from '../../../analyze/finding.ts'
import { listConfigMaps } from '../../scratch/read-live.ts'
import { allowOnly, type Check, isAsDeployed, refuse } from './context.ts'

const spec = ['spec'] as const
const path = z.union([
  z.strictObject({ exact: z.string() }),
  z.strictObject({ prefix: z.string() }),
])
/** Everything else of Envoy's bootstrap could run code or open a port. */
const adminPaths = z.strictObject({ admin: z.strictObject({ allow_paths: z.array(path) }) })
const bootstrapFile = 'custom_bootstrap.json'

export const checkService: Check = (resource, context) => {
  const type = valueAt(resource, [...spec, 'type']) ?? 'ClusterIP'
  return [
    ...(type === 'ClusterIP'
      ? []
      : [refuse(resource, [...spec, 'type'], `is of the type ${type}, which opens it to others`)]),
    ...allowOnly(
      resource,
      spec,
      [
        ...['selector', 'ports', 'type', 'sessionAffinity', 'internalTrafficPolicy'],
        ...['ipFamilies', 'ipFamilyPolicy', 'publishNotReadyAddresses'],
      ],
      context,
    ),
    ...Object.keys(Object(valueAt(resource, [...spec, 'ports']))).flatMap((index) =>
      allowOnly(
        resource,
        [...spec, 'ports', Number(index)],
        ['name', 'port', 'targetPort', 'protocol', 'appProtocol'],
        context,
      ),
    ),
  ]
}

export const checkAccount: Check = (resource, context) => {
  const fields = allowOnly(
    resource,
    [],
    ['apiVersion', 'kind', 'metadata', 'automountServiceAccountToken'],
    context,
  )
  const isMounted = valueAt(resource, ['automountServiceAccountToken']) === true
  return isMounted && !isAsDeployed(resource, ['automountServiceAccountToken'], context)
    ? [...fields, refuse(resource, ['automountServiceAccountToken'], 'gives a token to its Pods')]
    : fields
}

/** Only the admin paths of the proxy may change. The other ConfigMaps stay as deployed: see prepare.ts. */
export const checkConfigMap: Check = (resource, context) => {
  const text = valueAt(resource, ['data', bootstrapFile])
  const isBootstrap = context.deployed.some(
    (each) => each.kind === 'Deployment' && listConfigMaps(each).at(-1) === resource.metadata.name,
  )
  if (!isBootstrap || isAsDeployed(resource, ['data'], context)) return []
  const isAlone =
    Object.keys(Object(resource.data)).length === 1 && resource.binaryData === undefined
  if (isAlone && adminPaths.safeParse(parse(text)).success) return []
  return [
    refuse(
      resource,
      ['data'],
      'sets more of the proxy than admin.allow_paths, which could run code',
    ),
  ]
}

function parse(text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    return undefined
  }
}
