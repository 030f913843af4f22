// Which resources `make deploy` applies, and whether the cluster has them.
import { mkdir, mkdtempDisposable } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { defaultFindings } from '../../analyze/default-findings.ts'
import { isOfProject } from '../../analyze/model/application.ts'
import { CHECKOUT } from '../../cli/checkout.ts'
import { renderApplication } from '../../deploy/application/render-application.ts'
import { isPartOfRoute, routeResources } from '../../deploy/apply/former-route.ts'
import { parsePrometheusAccount } from '../../deploy/preflight/prometheus-account.ts'
import { composeCluster } from '../../deploy/render/cluster.ts'
import { renderResources } from '../../deploy/render/render.ts'
import { application } from '../../kube/application.ts'
import type { RouteKind } from '../../kube/gateway/public-route.ts'
import { kubectl } from '../../kube/kubectl.ts'
import type { Layout } from '../../kube/layouts.ts'
import {
  describeResource,
  formatResources,
  parseResources,
  removeDuplicates,
  resourceSchema,
} from '../../kube/resources.ts'
import type { Declaration } from './report.ts'

const found = z.object({ items: z.array(resourceSchema) })
/** The resource that decides about paths. Our own Gateway has a VirtualService too. */
export const routeKinds = {
  own: 'VirtualService',
  istio: 'VirtualService',
  'gateway-api': 'HTTPRoute',
}

/** What `make deploy` applies of this project, by name, and whether the cluster has it. */
export async function listDeclarations(layout: Layout, kind: RouteKind): Promise<Declaration[]> {
  const { resources: all, hasOwnRoutes } = await renderDeclared(layout)
  const resources = [
    ...all.filter((each) => kind === 'own' || !isPartOfRoute(each)),
    ...(hasOwnRoutes ? [] : routeResources.filter((each) => each.kind === routeKinds[kind])),
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

/** Renders the names. The values of the cluster change none. */
async function renderDeclared(layout: Layout) {
  const parent = join(CHECKOUT, '.deploy')
  await mkdir(parent, { recursive: true })
  await using folder = await mkdtempDisposable(join(parent, 'matrix-'))
  const rendered = await renderApplication(application, {
    ...{ folder: join(folder.path, 'application'), layout, components: [] },
  })
  const { yaml } = await renderResources({
    ...{ folder: folder.path, layout, application: rendered, images: [] },
    cluster: composeCluster(defaultFindings, layout, parsePrometheusAccount(undefined)),
  })
  const { hasOwnRoutes } = rendered
  // Whether the application has everything of its own is its own matter.
  return { resources: parseResources(yaml).filter(isOfProject), hasOwnRoutes }
}
