// The public route moves to another Gateway, and both serve until the new one has answered.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  findFormerRoute,
  keepFormerRoute,
  removeFormerRoute,
} from '../../../tools/deploy/apply/former-route.ts'
import type { PublicRoute } from '../../../tools/kube/gateway/public-route.ts'
import { applyResource, kubectl } from '../../../tools/kube/kubectl.ts'
import { onePod } from '../../../tools/kube/layouts.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { installGatewayApi } from '../../support/api-server/gateway-crds.ts'
import { installIstioCrds } from '../../support/api-server/istio-crds.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { sampleRoute } from '../../support/api-server/sample-values.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const labels = { 'gateway.networking.k8s.io/gateway-name': 'shared' }
const workload = {
  namespace: 'infra',
  serviceAccount: 'shared-istio',
  podLabels: labels,
  selector: labels,
}
const bound: PublicRoute = {
  ...{ ...sampleRoute, kind: 'istio', gateway: { namespace: 'infra', name: 'shared' } },
  ...{ host: 'signing.example', workloads: [workload] },
}
const byApi: PublicRoute = { ...bound, kind: 'gateway-api', sections: ['https'] }
const isMoved = ({ kind, metadata }: Resource) =>
  /^(Gateway|VirtualService|HTTPRoute)$/.test(kind) ||
  /^signer-allow-gateway(-to-frontend)?$/.test(metadata.name)
const render = async (route: PublicRoute) => {
  const rendering = await renderSample(['network-policy'], onePod, route)
  return { ...rendering, moved: rendering.resources.filter(isMoved) }
}

describe('a route that moves', needsLocalPrograms, () => {
  beforeAll(async () => {
    await useBareApiServer()
    await installIstioCrds('1.32.0')
    await installGatewayApi()
    await kubectl(['create', 'namespace', namespace])
  })
  beforeEach(async () => {
    const kinds =
      'gateways.networking.istio.io,virtualservices,httproutes,authorizationpolicies,networkpolicies'
    await kubectl(['delete', kinds, '--all', '-n', namespace])
    for (const each of (await render(sampleRoute)).moved) await applyResource(each)
  })

  const read = async (resource: string, path: string) =>
    JSON.parse(await kubectl(['get', resource, '-n', namespace, '-o', `jsonpath=${path}`]))
  const list = async () => {
    const kinds = 'gateways.networking.istio.io,virtualservices.networking.istio.io,httproutes'
    const names = await kubectl(['get', kinds, '-n', namespace, '-o', 'name'])
    return names
      .trim()
      .split('\n')
      .map((name) => name.replace(/\..*\//, '/'))
  }
  const principals = () =>
    read('authorizationpolicy/signer-allow-gateway', '{.spec.rules[0].from[0].source.principals}')
  const peers = async () =>
    (await read('networkpolicy/signer-allow-gateway-to-frontend', '{.spec.ingress[0].from}')).length
  const both = [
    'mesh.example/ns/infra/sa/shared-istio',
    'mesh.example/ns/edge-system/sa/edge-gateway',
  ]

  test('to a Gateway of Istio belongs to both, and then to the new one', async () => {
    const rendering = await render(bound)
    const former = await findFormerRoute(rendering.resources)
    expect(former.removed.map(({ kind }) => kind)).toEqual(['Gateway'])
    const transition = await keepFormerRoute(rendering, former)
    for (const each of parseResources(transition.yaml).filter(isMoved)) await applyResource(each)
    expect(await list()).toEqual(['gateway/public', 'virtualservice/frontend'])
    expect(await read('virtualservice/frontend', '{.spec.gateways}')).toEqual([
      'infra/shared',
      'public',
    ])
    // A wildcard covers the host name.
    expect(await read('virtualservice/frontend', '{.spec.hosts}')).toEqual(['*'])
    expect([await principals(), await peers()]).toEqual([both, 2])

    await removeFormerRoute(rendering, former)
    expect(await list()).toEqual(['virtualservice/frontend'])
    expect(await read('virtualservice/frontend', '{.spec.gateways}')).toEqual(['infra/shared'])
    expect(await read('virtualservice/frontend', '{.spec.hosts}')).toEqual(['signing.example'])
    expect([await principals(), await peers()]).toEqual([both.slice(0, 1), 1])
    expect(await keepFormerRoute(rendering, await findFormerRoute(rendering.resources))).toBe(
      rendering,
    )
  })

  test('to a Gateway of the Gateway API leaves the VirtualService until the end', async () => {
    const rendering = await render(byApi)
    const former = await findFormerRoute(rendering.resources)
    const transition = await keepFormerRoute(rendering, former)
    for (const each of parseResources(transition.yaml).filter(isMoved)) await applyResource(each)
    expect(await list()).toEqual([
      'gateway/public',
      'virtualservice/frontend',
      'httproute/frontend',
    ])
    expect([await principals(), await peers()]).toEqual([both, 2])
    await removeFormerRoute(rendering, former)
    expect(await list()).toEqual(['httproute/frontend'])
    const [parent] = await read('httproute/frontend', '{.spec.parentRefs}')
    expect(parent).toMatchObject({ namespace: 'infra', name: 'shared', sectionName: 'https' })

    const next = await render({ ...byApi, sections: ['other'], host: undefined })
    const again = await keepFormerRoute(next, await findFormerRoute(next.resources))
    const spec = Object(parseResources(again.yaml).find(({ kind }) => kind === 'HTTPRoute')?.spec)
    expect(spec.parentRefs.map(({ sectionName }: { sectionName: string }) => sectionName)).toEqual([
      'other',
      'https',
    ])
    expect(spec).not.toHaveProperty('hostnames')
  })

  test('stays if somebody else applied it', async () => {
    await kubectl(['delete', 'gateways.networking.istio.io', 'public', '-n', namespace])
    const gateway = (await render(sampleRoute)).moved.find(({ kind }) => kind === 'Gateway')
    await kubectl(['create', '-f', '-'], { input: JSON.stringify(gateway) })
    const { removed } = await findFormerRoute((await render(bound)).resources)
    expect(removed).toEqual([])
  })
})
