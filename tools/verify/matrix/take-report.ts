// Takes a report of the deployment, with attackers' Pods that are there.
import { resolve } from 'node:path'
import { z } from 'zod'
import { CHECKOUT } from '../../cli/checkout.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { type Layout, overlayFolder } from '../../kube/layouts.ts'
import { describeResource, parseResources, resourceSchema } from '../../kube/resources.ts'
import type { AttackPods } from '../attack/attack-pods.ts'
import { withGateway } from '../attack/gateway.ts'
import type { Target } from '../attack/target.ts'
import { requests } from './declared-table.ts'
import { expectationsOf } from './expectations.ts'
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
  const measured = await withGateway((place) => measure(target, pods, place))
  return {
    takenAt,
    seconds: (performance.now() - start) / 1_000,
    cluster: (
      await kubectl(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}'])
    ).trim(),
    istio,
    callers: expectationsOf(target.layout).callers,
    requests,
    ...measured,
    declarations: await listDeclarations(target.layout),
  }
}

/** What `make deploy` applies, by name, and whether the cluster has it. */
async function listDeclarations(layout: Layout): Promise<Declaration[]> {
  const yaml = await kubectl(['kustomize', resolve(CHECKOUT, overlayFolder(layout))])
  const args = ['get', '-f', '-', '--ignore-not-found', '-o', 'json']
  const live = await kubectl(args, { input: yaml })
  const names = live.trim() === '' ? [] : found.parse(JSON.parse(live)).items.map(describeResource)
  return parseResources(yaml).map((resource) => ({
    resource: describeResource(resource),
    inPlace: names.includes(describeResource(resource)),
  }))
}
