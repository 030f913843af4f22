// Takes a report of the deployment, with attackers' Pods that are there.
import { z } from 'zod'
import { isPartOfRoute, routeResources } from '../../deploy/apply/former-route.ts'
import { renderOwnResources } from '../../deploy/render/own-resources.ts'
import type { RouteKind } from '../../kube/gateway/public-route.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { type Layout, sharesPod } from '../../kube/layouts.ts'
import { service } from '../../kube/names.ts'
import {
  describeResource,
  formatResources,
  removeDuplicates,
  resourceSchema,
} from '../../kube/resources.ts'
import type { AttackPods } from '../attack/attack-pods.ts'
import { withGateway } from '../attack/gateway.ts'
import type { Target } from '../attack/target.ts'
import { requests } from './declared-table.ts'
import { expectationsOf } from './expectations.ts'
import { findLimits } from './limits.ts'
import { measure } from './measure.ts'
import type { Declaration, Report } from './report.ts'

const found = z.object({ items: z.array(resourceSchema) })

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

/** What `make deploy` applies, by name, and whether the cluster has it. */
async function listDeclarations(layout: Layout, kind: RouteKind): Promise<Declaration[]> {
  const all = await renderOwnResources([layout])
  const resources = [
    ...all.filter((each) => kind === 'own' || !isPartOfRoute(each)),
    ...routeResources.filter(({ kind: name }) => name === routeKinds[kind]),
  ]
  const yaml = formatResources(removeDuplicates(resources))
  const args = ['get', '-f', '-', '--ignore-not-found', '-o', 'json']
  const live = await kubectl(args, { input: yaml })
  const names = live.trim() === '' ? [] : found.parse(JSON.parse(live)).items.map(describeResource)
  return removeDuplicates(resources).map((resource) => ({
    resource: describeResource(resource),
    inPlace: names.includes(describeResource(resource)),
  }))
}

/** The resource that decides about paths. Our own Gateway has a VirtualService too. */
const routeKinds = { own: 'VirtualService', istio: 'VirtualService', 'gateway-api': 'HTTPRoute' }

/** The declared tables name the VirtualService. An HTTPRoute may take its place. */
function nameRoute(kind: RouteKind) {
  return (resource: string) =>
    resource === `VirtualService/${service}` ? `${routeKinds[kind]}/${service}` : resource
}
