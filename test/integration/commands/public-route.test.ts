// Which gateway the public route binds to, on clusters as people run them: a real API server with the Pods and Gateways, and the
// status that Istio would write.
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { describeRoute } from '../../../tools/deploy/preflight/describe-route.ts'
import { findOtherRoutes } from '../../../tools/kube/gateway/other-routes.ts'
import { findPublicRoute, type PublicRoute } from '../../../tools/kube/gateway/public-route.ts'
import { formatIdentity } from '../../../tools/kube/gateway/workloads.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { installGatewayApi } from '../../support/api-server/gateway-crds.ts'
import { installIstioCrds } from '../../support/api-server/istio-crds.ts'
import { apply, gatewayApi, istio, makeNamespace } from '../../support/cluster/gateways.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const api = 'gateway.networking.k8s.io'
const edge = 'edge'
const open = {
  name: 'http',
  port: 80,
  protocol: 'HTTP',
  allowedRoutes: { namespaces: { from: 'All' } },
}

describe('the public route', needsLocalPrograms, () => {
  beforeAll(async () => {
    await useBareApiServer()
    await installIstioCrds('1.32.0')
    await installGatewayApi()
    await apply(makeNamespace(namespace), makeNamespace(edge))
    await apply(
      gatewayApi(
        'GatewayClass',
        { name: 'istio' },
        { controllerName: 'istio.io/gateway-controller' },
      ),
      gatewayApi('GatewayClass', { name: 'other' }, { controllerName: 'example.com/other' }),
    )
  })
  afterEach(async () => {
    const all = ['--all', '--now', '--wait=false']
    const kinds = `pods,services,gateways.${api},gateways.networking.istio.io,httproutes.${api},virtualservices`
    for (const where of [edge, namespace]) await kubectl(['delete', kinds, ...all, '-n', where])
    await kubectl(['delete', 'pods', '--all', '--force', '--grace-period=0', '-n', edge])
  })

  const run = async (name: string, labels: Record<string, string>, account = name) => {
    const metadata = { name: account, namespace: edge }
    const containers = [{ name: 'istio-proxy', image: 'proxy', args: ['proxy', 'router'] }]
    await apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      {
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: edge, labels } },
        spec: { serviceAccountName: account, containers },
      },
    )
  }
  const makeOpen = async (name: string, spec: object = {}, programmed = 'True') => {
    const metadata = { name, namespace: edge }
    await apply(
      gatewayApi('Gateway', metadata, { gatewayClassName: 'istio', listeners: [open], ...spec }),
    )
    const lastTransitionTime = '2026-01-01T00:00:00Z'
    const conditions = [
      { type: 'Accepted', status: 'True', reason: 'Accepted', message: '', lastTransitionTime },
      {
        ...{ type: 'Programmed', status: programmed, reason: 'AddressNotAssigned' },
        ...{ message: 'address pending', lastTransitionTime },
      },
    ]
    const patch = [
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status: { conditions } }),
    ]
    await kubectl(['patch', `gateways.${api}`, name, '-n', edge, ...patch])
    await run(`${name}-istio`, { [`${api}/gateway-name`]: name })
  }
  const find = (wanted: { gateway?: string; selector?: string; host?: string } = {}) =>
    findPublicRoute({ gateway: undefined, selector: undefined, host: undefined, ...wanted })
  const summarize = ({ kind, gateway, workloads }: PublicRoute) => [
    kind,
    `${gateway.namespace}/${gateway.name}`,
    ...workloads.map(formatIdentity),
  ]

  test('needs a gateway, and says what to install or set', async () => {
    await expect(find()).rejects.toThrow(
      'no ingress gateway runs on this cluster (no Pod has the label istio=ingressgateway or istio=ingress)',
    )
  })

  test('allows each identity of several gateways with one label', async () => {
    await run('a', { istio: 'ingressgateway', app: 'a' })
    await run('canary', { istio: 'ingressgateway', app: 'canary' })
    await run('second-of-a', { istio: 'ingressgateway', app: 'a' }, 'a')
    expect(summarize(await find())).toEqual(['own', 'signing/public', 'edge/a', 'edge/canary'])
    expect(summarize(await find({ selector: 'app=canary,istio=ingressgateway' }))).toEqual([
      ...['own', 'signing/public', 'edge/canary'],
    ])
  })

  test('finds a gateway by its proxy, whatever its label is, and leaves egress out', async () => {
    await run('edge', { istio: 'edge', app: 'istio-edge' })
    await run('istio-egressgateway', { istio: 'egressgateway' })
    const found = await find()
    expect(summarize(found)).toEqual(['own', 'signing/public', 'edge/edge'])
    expect(found.selector).toEqual({ istio: 'edge' })
  })

  test('names both gateways of the AKS add-on, and takes the chosen one', async () => {
    const [external, internal] = ['external', 'internal'].map(
      (each) => `aks-istio-ingressgateway-${each}`,
    )
    await run('external', { istio: external ?? '' })
    await run('internal', { istio: internal ?? '' })
    await expect(find()).rejects.toThrow(
      `several ingress gateways run on this cluster: istio=${external}, istio=${internal}`,
    )
    expect(summarize(await find({ selector: external ?? '' }))).toContain('edge/external')
    expect(summarize(await find({ selector: `istio=${internal}` }))).toContain('edge/internal')
  })

  test('takes the only Gateway of the Gateway API, if no ingress gateway runs', async () => {
    await makeOpen('gateway')
    expect(summarize(await find())).toEqual(['gateway-api', 'edge/gateway', 'edge/gateway-istio'])
    await run('ingress', { istio: 'ingress' })
    expect(summarize(await find())).toEqual(['own', 'signing/public', 'edge/ingress'])
  })

  test('does not guess among several, or take one that is not programmed', async () => {
    await makeOpen('pending', {}, 'False')
    await expect(find()).rejects.toThrow('no ingress gateway runs')
    expect(summarize(await find({ gateway: 'edge/pending' }))).toContain('edge/pending-istio')
    await makeOpen('a')
    await makeOpen('b')
    await expect(find()).rejects.toThrow(
      'several Gateways of the Kubernetes Gateway API are of Istio: edge/a, edge/b',
    )
  })

  test('refuses a Gateway of another controller', async () => {
    await makeOpen('foreign', { gatewayClassName: 'other' })
    await expect(find({ gateway: 'edge/foreign' })).rejects.toThrow(
      'the Gateway edge/foreign has the GatewayClass other, which belongs to example.com/other',
    )
  })

  test('finds the Pods of a Gateway that somebody deployed by hand', async () => {
    const spec = { selector: { app: 'manual' }, ports: [{ port: 80 }] }
    await apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'manual', namespace: edge },
      spec,
    })
    await run('manual', { app: 'manual' })
    const addresses = [{ type: 'Hostname', value: `manual.${edge}.svc.cluster.local` }]
    await makeOpen('by-hand', { addresses })
    const found = await find({ gateway: 'edge/by-hand' })
    expect(summarize(found)).toEqual(['gateway-api', 'edge/by-hand', 'edge/manual'])
  })

  const server = { port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts: ['*.example'] }
  const tls = { mode: 'SIMPLE', credentialName: 'certificate' }
  const makeShared = (name: string, selector: object) =>
    istio('Gateway', { name, namespace: edge }, { selector, servers: [{ ...server, tls }] })

  test('says that both kinds have the Gateway, and takes the named kind', async () => {
    await makeOpen('shared')
    await run('ingress', { istio: 'ingress' })
    await apply(makeShared('shared', { istio: 'ingress' }))
    await expect(find({ gateway: 'edge/shared' })).rejects.toThrow(
      'both kinds have a Gateway edge/shared',
    )
    const host = 'signing.example'
    const ofIstio = await find({ gateway: 'networking.istio.io/edge/shared', host })
    expect(summarize(ofIstio)).toEqual(['istio', 'edge/shared', 'edge/ingress'])
    expect(ofIstio.entry).toEqual({ port: 443, isTls: true, needsClientCertificate: false })
    expect(summarize(await find({ gateway: `${api}/edge/shared`, host }))[0]).toBe('gateway-api')
  })

  test('needs a host where a Gateway serves several, and Pods that it selects', async () => {
    await run('ingress', { istio: 'ingress' })
    await apply(makeShared('shared', { istio: 'ingress' }), makeShared('lost', { istio: 'gone' }))
    await expect(find({ gateway: 'edge/shared' })).rejects.toThrow(
      'serves several hosts: *.example',
    )
    await expect(find({ gateway: 'edge/lost', host: 'a.example' })).rejects.toThrow(
      'the Gateway edge/lost selects no running Pod (istio=gone)',
    )
    await expect(find({ gateway: 'edge/missing' })).rejects.toThrow(
      'the Gateway edge/missing does not exist',
    )
    await expect(find({ gateway: 'missing' })).rejects.toThrow('is not NAMESPACE/NAME')
  })

  test('stays where it is deployed, and names other routes for the same path', async () => {
    await run('ingress', { istio: 'ingress' })
    await apply(makeShared('shared', { istio: 'ingress' }))
    const gateways = [`${edge}/shared`]
    const route = [{ destination: { host: 'web' } }]
    const bind = (name: string, where: string, uri: object) =>
      istio(
        'VirtualService',
        { name, namespace: where },
        { gateways, hosts: ['signing.example'], http: [{ match: [{ uri }], route }] },
      )
    await apply(
      bind('frontend', namespace, { exact: '/process' }),
      bind('same', edge, { prefix: '/pro' }),
      bind('everything', edge, { prefix: '/' }),
      bind('another', edge, { exact: '/other' }),
    )
    const found = await find()
    expect(summarize(found)).toEqual(['istio', 'edge/shared', 'edge/ingress'])
    expect(found.host).toBe('signing.example')
    expect(await findOtherRoutes(found)).toEqual([
      { title: 'VirtualService edge/same', isApplication: false, path: '/process' },
    ])
    expect(summarize(await find({ gateway: 'signing/public' }))[0]).toBe('own')
  })

  test('another application is named if it serves one of our paths at the same host', async () => {
    await run('ingress', { istio: 'ingressgateway' })
    const labels = { 'app.kubernetes.io/part-of': 'secure-signing' }
    const route = [{ destination: { host: 'web' } }]
    const bind = (name: string, uri: object, hosts = ['*']) =>
      istio(
        'VirtualService',
        { name, namespace: edge, labels },
        { gateways: ['public'], hosts, http: [{ match: [{ uri }], route }] },
      )
    await apply(
      bind('same', { exact: '/process' }),
      bind('everything', { prefix: '/' }),
      bind('another-path', { exact: '/orders' }),
      bind('another-host', { exact: '/process' }, ['orders.example']),
    )
    const found = await find()
    expect(found.kind).toBe('own')
    expect(await findOtherRoutes(found)).toEqual(
      ['everything', 'same'].map((name) => ({
        ...{ title: `VirtualService ${edge}/${name}`, isApplication: true, path: '/process' },
      })),
    )
    await expect(describeRoute(found, 'cluster.local')).rejects.toMatchObject({
      message: expect.stringContaining('of another application serves /process'),
      todo: expect.stringContaining('publicHost'),
    })
  })
})
