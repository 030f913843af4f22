// Checks what others have on the cluster, and mesh-wide settings, before and after a deployment.
import { judgeLive } from '../../analyze/live/judge-live.ts'
import { formatJudgment, type Judgment, refuseBreaking } from '../../analyze/live/judgment.ts'
import { say } from '../../cli/terminal.ts'
import type { Resource } from '../../kube/resources.ts'
import type { InspectedCluster } from './preflight.ts'

/**
 * Throws UserError for what opens or breaks our Pods, and prints a note for the rest. With `leaving`, which the deployment
 * removes, nothing is applied yet.
 */
export async function checkOthers(
  resources: readonly Resource[],
  { controlPlane, gateway, tokens }: InspectedCluster,
  leaving?: readonly Resource[],
): Promise<void> {
  const judgments = await judgeLive({
    ...{ resources, leaving: leaving ?? [], controlPlane, issuer: tokens.issuer },
    gatewayNamespaces: [gateway.namespace],
  })
  refuseBreaking(judgments, leaving === undefined)
  // The second time, the notes are the same.
  if (leaving !== undefined) for (const each of judgments) noteJudgment(each)
}

export function noteJudgment(judgment: Judgment): void {
  say(`  note  ${formatJudgment(judgment)}`)
}
