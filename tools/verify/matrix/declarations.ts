// Which resources `make deploy` applies, and whether the cluster has them.
import { isOfProject } from '../../analyze/model/application.ts'
import { isPartOfRoute, routeResources } from '../../deploy/apply/former-route.ts'
import { renderOwnResources } from '../../deploy/render/own-resources.ts'
import type { RouteKind } from '../../kube/gateway/public-route.ts'
import { kubectlJsonIfAny } from '../../kube/kubectl.ts'
import type { Layout } from '../../kube/layouts.ts'
import {
  describeResource,
  formatResources,
  listOf,
  removeDuplicates,
  resourceSchema,
} from '../../kube/resources.ts'
import type { Declaration } from './report.ts'

/** The resource that decides about paths. Our own Gateway has a VirtualService too. */
export const routeKinds = {
  own: 'VirtualService',
  istio: 'VirtualService',
  'gateway-api': 'HTTPRoute',
}

/** Lists those of this project. Whether an application has everything of its own is its own matter. */
export async function listDeclarations(layout: Layout, kind: RouteKind): Promise<Declaration[]> {
  const all = (await renderOwnResources([layout])).filter(isOfProject)
  // An application may have routes of its own.
  const hasRoute = all.some(isPartOfRoute)
  const resources = [
    ...all.filter((each) => kind === 'own' || !isPartOfRoute(each)),
    ...(hasRoute ? routeResources.filter((each) => each.kind === routeKinds[kind]) : []),
  ]
  const yaml = formatResources(removeDuplicates(resources))
  const args = ['get', '-f', '-', '--ignore-not-found', '-o', 'json']
  const live = (await kubectlJsonIfAny(listOf(resourceSchema), args, { input: yaml })) ?? []
  const names = live.map(describeResource)
  return removeDuplicates(resources).map((resource) => ({
    resource: describeResource(resource),
    inPlace: names.includes(describeResource(resource)),
  }))
}
