// Takes a report of the deployment, with attackers' Pods that are there.
import type { RouteKind } from '../../kube/gateway/public-route.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { sharesPod } from '../../kube/layouts.ts'
import { service } from '../../kube/names.ts'
import type { AttackPods } from '../attack/attack-pods.ts'
import { withGateway } from '../attack/gateway.ts'
import type { Target } from '../attack/target.ts'
import { listDeclarations, routeKinds } from './declarations.ts'
import { requests } from './declared-table.ts'
import { expectationsOf } from './expectations.ts'
import { findLimits } from './limits.ts'
import { measure } from './measure.ts'
import type { Report } from './report.ts'

/** Measures. `start` is a value of performance.now(): when the run began. */
export async function takeReport(
  target: Target,
  pods: AttackPods,
  { start, istio }: { start: number; istio: string },
): Promise<Report> {
  const takenAt = new Date().toISOString()
  const limits = await findLimits(target.layout.frontend)
  const { kind, ...measured } = await withGateway(async (place, used) => ({
    ...(await measure(target, pods, place, limits.isMeasured)),
    kind: used,
  }))
  const cells = measured.cells.map((cell) => ({ ...cell, by: cell.by.map(nameRoute(kind)) }))
  return {
    takenAt,
    seconds: (performance.now() - start) / 1_000,
    cluster: (
      await kubectl(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}'])
    ).trim(),
    istio,
    callers: expectationsOf(target.layout).callers,
    requests,
    ...{ ...measured, cells },
    notes: [...limits.notes, ...describeUnread(target, cells)],
    declarations: await listDeclarations(target.layout, kind),
  }
}

/** The image of an application may have no program that reads the pairing secret. */
function describeUnread({ layout, frontend }: Target, cells: Report['cells']): string[] {
  if (!sharesPod(layout) || cells.some(({ caller }) => caller === 'application')) return []
  return [
    `the image of ${frontend.container} has no Node, od or python3 to read its pairing secret with. So the container itself cannot ask, and the others show a token of its ServiceAccount alone`,
  ]
}

/** The declared tables name the VirtualService. An HTTPRoute may take its place. */
function nameRoute(kind: RouteKind) {
  return (resource: string) =>
    resource === `VirtualService/${service}` ? `${routeKinds[kind]}/${service}` : resource
}
