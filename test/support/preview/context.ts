// The default rendering as what is deployed, for a change of it.
import { onePod } from '../../../tools/kube/layouts.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Context } from '../../../tools/verify/preview/refusals/context.ts'

export function makeContext(deployed: readonly Resource[], changed: readonly Resource[]): Context {
  return {
    ...{ namespace: 'signing', deployments: [onePod.signer], deployed, changed },
    publicHost: undefined,
  }
}
