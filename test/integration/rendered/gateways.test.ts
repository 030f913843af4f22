// Each kind of public route is rendered from its values, keeps every rule, and is accepted by an API server.
import { beforeAll, describe, expect, test } from 'vitest'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { meshRules, rules } from '../../../tools/analyze/rules.ts'
import { analyzeRendering } from '../../../tools/deploy/apply/istioctl-analyze.ts'
import type { PublicRoute } from '../../../tools/kube/gateway/public-route.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { meshedLayouts, onePod } from '../../../tools/kube/layouts.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { describeResource, type Resource } from '../../../tools/kube/resources.ts'
import type { Api } from '../../../tools/verify/admission/api-server/api.ts'
import { expectAccepted, expectFixedFields } from '../../support/api-server/accepted.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { installGatewayApi } from '../../support/api-server/gateway-crds.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { sampleRoute } from '../../support/api-server/sample-values.ts'
import { listUnlabelled } from '../../support/labels.ts'
import { applyChange } from '../../support/mistakes/mistakes.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const labels = { 'gateway.networking.k8s.io/gateway-name': 'shared' }
const [first] = sampleRoute.workloads
const several = ['edge-canary', 'edge-gateway'].map((serviceAccount) => ({
  ...{
    namespace: 'edge-system',
    podLabels: {},
    selector: { istio: 'edge' },
    ...first,
    serviceAccount,
  },
}))
const shared = { namespace: 'infra', name: 'shared' }
const ofApi = {
  namespace: 'infra',
  serviceAccount: 'shared-istio',
  podLabels: labels,
  selector: labels,
}
const byApi: PublicRoute = {
  ...{ ...sampleRoute, kind: 'gateway-api', gateway: shared, sections: ['https', 'more'] },
  workloads: [ofApi],
}
const routes: Record<string, PublicRoute> = {
  'our Gateway with two identities': { ...sampleRoute, workloads: several },
  'our Gateway with other labels': { ...sampleRoute, selector: { app: 'edge', tier: 'public' } },
  'our Gateway for one host': { ...sampleRoute, host: 'signing.example' },
  'a Gateway of Istio': { ...sampleRoute, kind: 'istio', gateway: shared, host: 'signing.example' },
  'a Gateway of the Gateway API': byApi,
  'the same for one host': { ...byApi, host: 'signing.example' },
}
const isRoute = ({ kind }: Resource) => /^(Gateway|VirtualService|HTTPRoute)$/.test(kind)
const render = (name: string, layout = onePod) =>
  renderSample(['network-policy'], layout, routes[name])

describe.each(Object.keys(routes))('%s', (name) => {
  test.each(meshedLayouts)('keeps every rule in the overlay $overlay', async (layout) => {
    const { resources } = await render(name, layout)
    expect(applyRules(rules, resources)).toEqual([])
    expect(listUnlabelled(resources)).toEqual([])
  })

  test('has no message of istioctl analyze but about what is not in the files', async () => {
    const found = await analyzeRendering(await render(name), 'files')
    expect(
      found.filter((each) => !/Referenced gateway not found|not found in Gateway/.test(each)),
    ).toEqual([])
  })
})

test('two identities are both allowed, by the policy and by the network', async () => {
  const { spec } = await render('our Gateway with two identities')
  expect(spec('AuthorizationPolicy/signer-allow-gateway').rules[0].from).toEqual([
    {
      source: {
        principals: ['edge-canary', 'edge-gateway'].map(
          (each) => `mesh.example/ns/edge-system/sa/${each}`,
        ),
      },
    },
  ])
  expect(spec('NetworkPolicy/signer-allow-gateway-to-frontend').ingress[0].from).toHaveLength(1)
  expect(spec('Gateway/public').selector).toEqual({ istio: 'edge' })
})

test('other labels are selected', async () => {
  const { spec } = await render('our Gateway with other labels')
  expect(spec('Gateway/public').selector).toEqual({ app: 'edge', tier: 'public' })
})

test('one host is the only one', async () => {
  const { spec } = await render('our Gateway for one host')
  expect(spec('VirtualService/frontend').hosts).toEqual(['signing.example'])
  expect(spec('Gateway/public').servers[0].hosts).toEqual(['signing.example'])
})

test('an existing Gateway of Istio replaces ours', async () => {
  const { resources, spec } = await render('a Gateway of Istio')
  expect(resources.filter(isRoute).map(describeResource)).toEqual(['VirtualService/frontend'])
  const { gateways, hosts } = spec('VirtualService/frontend')
  expect([gateways, hosts]).toEqual([['infra/shared'], ['signing.example']])
})

test.each([
  ['a Gateway of the Gateway API', undefined],
  ['the same for one host', ['signing.example']],
])('%s has an HTTPRoute in place of Gateway and VirtualService', async (name, hostnames) => {
  const { resources, spec } = await render(name)
  expect(resources.filter(isRoute).map(describeResource)).toEqual(['HTTPRoute/frontend'])
  const route = spec('HTTPRoute/frontend')
  expect(route.hostnames).toEqual(hostnames)
  expect(route.parentRefs).toEqual(
    ['https', 'more'].map((sectionName) => ({
      ...{ group: 'gateway.networking.k8s.io', kind: 'Gateway', ...shared, sectionName },
    })),
  )
  expect(spec('NetworkPolicy/signer-allow-gateway-to-frontend').ingress[0].from).toEqual([
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'infra' } },
      podSelector: { matchLabels: labels },
    },
  ])
})

describe('make analyze', async () => {
  const { resources } = await render('the same for one host')
  const judge = (path: string, value: unknown) =>
    applyRules(meshRules, applyChange(resources, ['HTTPRoute/frontend', path, value]))

  test.each([
    ['spec.rules.0.matches.0.path', { type: 'PathPrefix', value: '/' }],
    ['spec.rules.0.matches.0.method', 'GET'],
    ['spec.rules.0.backendRefs.0.port', 8081],
    ['spec.rules.+', { backendRefs: [{ name: 'frontend', port: 8080 }] }],
  ])('notices that our HTTPRoute has another %s', (path, value) => {
    expect(judge(path, value)).toMatchObject([{ rule: 'public-http-route' }])
  })

  const add = (...more: object[]) =>
    applyRules(meshRules, [...resources, ...more.map((each) => each as Resource)])
  const virtual = (name: string, route: object, where = namespace) => ({
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService' },
    metadata: { name, namespace: where },
    spec: { http: [route] },
  })
  const toFrontend = { route: [{ destination: { host: 'frontend', port: { number: 8080 } } }] }
  const delegate = { name: 'delegate', namespace }
  const exact = { match: [{ uri: { exact: '/process' } }], delegate }

  test('accepts a delegate whose VirtualService matches the public path alone', () => {
    expect(add(virtual('root', exact, 'infra'), virtual('delegate', toFrontend))).toEqual([])
    const prefix = { match: [{ uri: { prefix: '/' } }], delegate }
    expect(add(virtual('root', prefix, 'infra'), virtual('delegate', toFrontend))).toMatchObject([
      { rule: 'public-route', path: ['spec', 'http', 0] },
    ])
  })

  test('accepts routes that lead elsewhere, and an Ingress for the public path alone', () => {
    const backend = { service: { name: 'frontend', port: { number: 8080 } } }
    const paths = [
      { path: '/process', pathType: 'Exact', backend },
      {
        path: '/',
        pathType: 'Prefix',
        backend: { service: { name: 'web', port: { number: 80 } } },
      },
    ]
    const metadata = { name: 'x', namespace }
    const rule = { backendRefs: [{ name: 'frontend', port: 1 }] }
    expect(
      add(
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata,
          spec: { rules: [{ http: { paths } }] },
        },
        {
          ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
          // Another Service of the same name.
          ...{ metadata: { name: 'x', namespace: 'other' }, spec: { rules: [rule] } },
        },
      ),
    ).toEqual([])
  })
})

describe('on an API server', needsLocalPrograms, () => {
  let api: Api
  beforeAll(async () => {
    api = (await useBareApiServer()).api
    await installGatewayApi()
    await kubectl(['create', 'namespace', namespace])
  })

  test.each(['a Gateway of the Gateway API', 'the same for one host'])(
    'the HTTPRoute of %s is accepted, and no misspelled field',
    async (name) => {
      const route = (await render(name)).find('HTTPRoute/frontend') as Resource
      await expectAccepted(api, route)
      expect(await expectFixedFields(api, route)).toBeGreaterThan(10)
    },
  )
})
