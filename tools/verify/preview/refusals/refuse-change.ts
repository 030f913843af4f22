// Everything in a change that no preview applies. Without a finding, the change may run in a scratch namespace.
import type { Finding } from '../../../analyze/finding.ts'
import type { Check, Context } from './context.ts'
import { checkAccount, checkConfigMap, checkService } from './core.ts'
import { checkKind, useOf } from './kinds.ts'
import { checkNetworkPolicy, checkPeers, checkPolicy, checkSidecar, checkTokens } from './mesh.ts'
import { checkMetadata } from './metadata.ts'
import { checkDeployment } from './pod.ts'
import { checkDestinationRule, checkGateway, checkRoute, checkServiceEntry } from './routes.ts'

const most = 300
const checks: Readonly<Record<string, Check>> = {
  AuthorizationPolicy: checkPolicy,
  ConfigMap: checkConfigMap,
  Deployment: checkDeployment,
  DestinationRule: checkDestinationRule,
  Gateway: checkGateway,
  NetworkPolicy: checkNetworkPolicy,
  PeerAuthentication: checkPeers,
  RequestAuthentication: checkTokens,
  Service: checkService,
  ServiceAccount: checkAccount,
  ServiceEntry: checkServiceEntry,
  Sidecar: checkSidecar,
  VirtualService: checkRoute,
}

export function refuseChange(context: Context): Finding[] {
  const { changed, deployments } = context
  const missing = deployments.filter(
    (name) =>
      !changed.some(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name),
  )
  return [
    ...(changed.length > most
      ? [{ path: [], message: `${changed.length} resources. A preview takes at most ${most}` }]
      : []),
    ...missing.map((name) => ({
      path: [],
      message: `there is no Deployment/${name}. Give all resources of the application, not only those that change`,
    })),
    ...changed.flatMap((each) => {
      const kind = checkKind(each, context)
      if (kind.length > 0) return kind
      const own = useOf(each) === 'apply' ? (checks[each.kind]?.(each, context) ?? []) : []
      return [...checkMetadata(each, context), ...own]
    }),
  ]
}
