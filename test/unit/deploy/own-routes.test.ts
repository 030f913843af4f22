// A route or DestinationRule of the application's own stays, and ours is left out.
import { expect, test } from 'vitest'
import { readOwnRoute } from '../../../tools/kube/application/own-routes.ts'
import { attachSignerTo } from '../../support/application/attach.ts'
import { plain, toManifest } from '../../support/application/manifests.ts'

const istio = (kind: string, spec: object, name = 'mine') => ({
  ...{ apiVersion: 'networking.istio.io/v1', kind, metadata: { name }, spec },
})
const http = (host: string) => [{ route: [{ destination: { host } }] }]
const bound = { gateways: ['mesh', 'infra/edge'], hosts: ['orders.example'], http: http('orders') }
const httpRoute = {
  ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'mine' } },
  spec: {
    parentRefs: [{ name: 'edge' }],
    hostnames: ['orders.example'],
    rules: [{ backendRefs: [{ name: 'orders', port: 80 }] }],
  },
}

test.each([
  ['a VirtualService', [istio('VirtualService', bound)], true, false],
  [
    'a VirtualService by its long name',
    [istio('VirtualService', { http: http('orders.orders.svc.cluster.local') })],
    true,
    false,
  ],
  ['an HTTPRoute', [httpRoute], true, false],
  ['a DestinationRule', [istio('DestinationRule', { host: 'orders' })], false, true],
  [
    'those of another Service',
    [
      istio('VirtualService', { http: http('prices') }),
      istio('DestinationRule', { host: 'orders2' }),
    ],
    false,
    false,
  ],
])('%s', async (_, resources, hasOwnRoutes, hasOwnDestinationRule) => {
  const found = await attachSignerTo([...plain, ...resources])
  expect(found).toMatchObject({ hasOwnRoutes, hasOwnDestinationRule })
  expect(found.notes).toHaveLength(hasOwnRoutes ? 1 : 0)
})

const gateway = istio('Gateway', { selector: { istio: 'edge', zone: 'a' } }, 'edge')

test.each([
  ['nothing', [], {}],
  [
    'its gateway and host',
    [istio('VirtualService', bound)],
    { gateway: 'infra/edge', host: 'orders.example' },
  ],
  [
    'the gateway of its namespace',
    [istio('VirtualService', { ...bound, gateways: ['edge'] })],
    { gateway: 'orders/edge', host: 'orders.example' },
  ],
  [
    'the Pods of a Gateway that comes with it',
    [istio('VirtualService', { ...bound, gateways: ['edge'] }), gateway],
    { selector: 'istio=edge,zone=a', host: 'orders.example' },
  ],
  [
    'the gateway of another namespace, which it names itself',
    [
      {
        ...istio('VirtualService', { ...bound, gateways: ['edge'] }),
        metadata: { name: 'mine', namespace: 'shop' },
      },
    ],
    { gateway: 'shop/edge', host: 'orders.example' },
  ],
  ['the parent of an HTTPRoute', [httpRoute], { gateway: 'orders/edge', host: 'orders.example' }],
  [
    'no host of its own',
    [istio('VirtualService', { ...bound, hosts: ['*'] })],
    { gateway: 'infra/edge' },
  ],
])('the route says %s', (_, resources, expected) => {
  expect(readOwnRoute(resources.map(toManifest), 'orders', 'orders')).toEqual(expected)
})
