// Checks what others have on the cluster, and mesh-wide settings, before and after a deployment.
import { judgeLive } from '../../analyze/live/judge-live.ts'
import { formatJudgment, type Judgment, refuseBreaking } from '../../analyze/live/judgment.ts'
import { say } from '../../cli/terminal.ts'
import type { PublicRoute } from '../../kube/gateway/public-route.ts'
import type { Resource } from '../../kube/resources.ts'
import type { InspectedMesh } from './preflight.ts'

/**
 * Throws UserError for what opens or breaks our Pods, and prints a note for the rest. With `leaving`, which the deployment
 * removes, nothing is applied yet.
 */
export async function checkOthers(
  resources: readonly Resource[],
  { controlPlane, route, tokens }: InspectedMesh,
  leaving?: readonly Resource[],
): Promise<void> {
  const judgments = await judgeLive({
    ...{ resources, leaving: leaving ?? [], controlPlane, issuer: tokens.issuer },
    gatewayNamespaces: listGatewayNamespaces(route),
  })
  refuseBreaking(judgments, leaving === undefined)
  // The second time, the notes are the same.
  if (leaving !== undefined) for (const each of judgments) noteJudgment(each)
}

/** The namespaces of the gateway's Pods. */
export function listGatewayNamespaces({ workloads }: PublicRoute): string[] {
  return [...new Set(workloads.map((each) => each.namespace))]
}

export function noteJudgment(judgment: Judgment): void {
  say(`  note  ${formatJudgment(judgment)}`)
}
