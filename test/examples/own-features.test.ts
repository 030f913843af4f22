// What the Go example has of its own works as without the signer: two public routes, egress to one service, metrics with a policy,
// probes, an init container, a second container, a Sidecar and a VirtualService.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { readManifests } from '../../tools/kube/application/manifests.ts'
import { sendRequest } from '../../tools/kube/gateway-request.ts'
import { kubectl, kubectlJson } from '../../tools/kube/kubectl.ts'
import type { Resource } from '../../tools/kube/resources.ts'
import { confined } from '../../tools/verify/admission/pods.ts'
import { PODS_MS } from '../../tools/verify/attack/timeouts.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { applications, locateGateway } from './support/applications.ts'
import { getFrom } from './support/in-pod.ts'
import { ask } from './support/signed-requests.ts'
import { apply, findUnrelated } from './support/unrelated.ts'
import { findPodOf, type RunningPod } from './support/workloads.ts'

const { go, ours } = applications
const { namespace } = go
const ownVolumes = ['hmac-key', 'pairing', 'signer-socket', 'signer-freeze', 'caller-token']
const json = { 'content-type': 'application/json' }
const manifests = readManifests([join(CHECKOUT, 'examples/go')]).map(({ resource }) => resource)

async function call(method: string, path: string, body?: string) {
  const sent = { method, path, headers: json, ...(body !== undefined && { body }) }
  return sendRequest(locateGateway(go), sent, { ca: undefined, timeoutMs: 5_000 })
}

/** Reads a resource of the manifests as it is on the cluster. */
async function readLive({ kind, metadata }: Resource): Promise<ReturnType<typeof Object>> {
  const args = ['get', kind, metadata.name, '-n', namespace, '-o', 'json']
  return kubectlJson(z.looseObject({}), args)
}
const find = (kind: string, name: string) =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name) as Resource

describe('the Go example', needsLocalCluster, () => {
  let pod: RunningPod
  beforeAll(async () => {
    pod = await findPodOf(namespace, 'app=checkout')
  })

  test('serves its two public routes: it takes an order, and shows it', async () => {
    const made = await call('POST', '/orders', '{"item": "pen", "quantity": 3}')
    expect(made.status).toBe(201)
    const order = JSON.parse(made.body)
    expect(order).toMatchObject({ receipt: expect.stringContaining('3 of pen at 1.20') })
    const shown = await call('GET', `/orders/${order.id}`)
    expect([shown.status, JSON.parse(shown.body)]).toEqual([200, order])
  })

  test.each([
    ...['GET /orders', 'PUT /orders', 'POST /orders/1', 'DELETE /orders/1', 'GET /'],
    ...['GET /healthz', 'GET /stats', 'GET /metrics', 'GET /orders/../stats', 'GET //stats'],
    ...['GET /orders/%2e%2e/stats', 'POST /sign', 'GET /readyz', 'GET /keys'],
  ])('answers 404 to public clients: %s', async (line) => {
    const [method = '', path = ''] = line.split(' ')
    const { status, body } = await call(method, path, method === 'GET' ? undefined : '{}')
    expect([status, body]).toEqual([404, ''])
  })

  test('calls the catalog, and no other service', async () => {
    const addressOf = (name: string) =>
      kubectl(['get', 'service', name, '-n', namespace, '-o', 'jsonpath={.spec.clusterIP}'])
    const [catalog, blog] = await Promise.all(['catalog', 'blog'].map(addressOf))
    const [own, other] = [pod, await findUnrelated()]
    const [toCatalog, toBlog] = [`http://${catalog}/items/book`, `http://${blog}/`]
    expect(await getFrom(own, toCatalog, 'catalog.shop')).toBe('200 {"price":12.5}')
    expect(await getFrom(other, toBlog, 'blog.shop')).toBe('200 Welcome to our blog')
    expect(await getFrom(own, toBlog, 'blog.shop')).toMatch(/^(502|ECONNRESET)/)
    // The proxy believes the Host header, so the request goes to the catalog.
    expect(await getFrom(own, toBlog, 'catalog.shop')).not.toContain('Welcome')
  })

  test('has its containers, and no other one of them has a mount of ours', () => {
    const { initContainers, containers } = pod.spec
    const ofOurs = [...initContainers, ...containers].map(({ name, volumeMounts }) => [
      name,
      volumeMounts.map((each) => each.name).filter((each) => ownVolumes.includes(each)),
    ])
    expect(Object.fromEntries(ofOurs)).toEqual({
      'istio-validation': [],
      'istio-proxy': ['signer-socket'],
      migrate: [],
      checkout: ['caller-token', 'pairing'],
      exporter: [],
      signer: ['signer-socket', 'hmac-key', 'pairing', 'signer-freeze'],
    })
  })

  test('runs as its manifest says: images, probes, users, lifecycle and volumes', async () => {
    const manifest = find('Deployment', 'checkout')
    const live = await readLive(manifest)
    const [own, now] = [Object(manifest.spec).template.spec, live.spec.template.spec]
    expect(now.initContainers).toMatchObject(own.initContainers)
    for (const container of own.containers) {
      const { volumeMounts = [], ...rest } = container
      const found = now.containers.find((each: { name: string }) => each.name === container.name)
      expect(found).toMatchObject(rest)
      for (const mount of volumeMounts) expect(found.volumeMounts).toContainEqual(mount)
    }
    expect(now.volumes).toEqual(expect.arrayContaining(own.volumes))
    expect(now.securityContext).toEqual(own.securityContext)
  })

  test('keeps its Gateway, its VirtualService and its policies, and gets no route of ours', async () => {
    const kinds = ['Gateway', 'VirtualService', 'AuthorizationPolicy']
    const kept = manifests.filter(({ kind }) => kinds.includes(kind))
    expect(kept).toHaveLength(4)
    for (const each of kept) expect((await readLive(each)).spec).toEqual(each.spec)
    const routes = await kubectl(['get', 'gateway,virtualservice', '-n', namespace, '-o', 'name'])
    expect(routes.trim().split('\n')).toEqual([
      'gateway.networking.istio.io/shop',
      'virtualservice.networking.istio.io/checkout',
    ])
  })

  test('has one Sidecar: ours, with its hosts and ports', async () => {
    const names = await kubectl(['get', 'sidecars', '-n', namespace, '-o', 'name'])
    expect(names.trim()).toBe('sidecar.networking.istio.io/signer')
    const { spec } = await readLive({
      ...find('Sidecar', 'checkout'),
      metadata: { name: 'signer' },
    })
    const hosts = spec.egress.flatMap((each: { hosts: string[] }) => each.hosts)
    expect(hosts).toEqual(['./signer.pod.internal', './catalog.shop.svc.cluster.local'])
    const ports = spec.ingress.map(({ port }: { port: { number: number } }) => port.number)
    expect(ports).toEqual([8080, 8081, 9090])
  })

  describe('its metrics', () => {
    const monitoring = 'monitoring'
    const scraper = (name: string, serviceAccountName: string, inject: boolean) => ({
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: {
        ...{ name, namespace: monitoring },
        labels: { app: name, 'sidecar.istio.io/inject': String(inject) },
      },
      spec: {
        ...{ serviceAccountName, terminationGracePeriodSeconds: 0 },
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            ...{ name: 'scraper', image, ...confined },
            command: ['/nodejs/bin/node', '-e', 'setInterval(() => {}, 1e9)'],
          },
        ],
      },
    })
    let image: string

    beforeAll(async () => {
      const path = 'jsonpath={.spec.template.spec.containers[?(@.name=="frontend")].image}'
      image = await kubectl([
        'get',
        'deployment',
        ours.deployment,
        '-n',
        ours.namespace,
        '-o',
        path,
      ])
      const scrapers = [
        scraper('prometheus', 'prometheus', true),
        scraper('other', 'default', true),
        scraper('outside', 'default', false),
      ]
      await apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: monitoring } }])
      const account = { name: 'prometheus', namespace: monitoring }
      await apply([{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account }, ...scrapers])
      const ready = ['--for=condition=Ready', `--timeout=${PODS_MS}ms`]
      await kubectl(['wait', 'pod', '--all', '-n', monitoring, ...ready], { timeoutMs: PODS_MS })
    }, PODS_MS)
    afterAll(() => kubectl(['delete', 'namespace', monitoring]))

    const scrape = async (from: string, path: string) => {
      const code = `fetch('http://checkout.shop:9090${path}').then(async (r) => console.log(r.status, await r.text()), (e) => console.log(e.cause.code))`
      const node = ['/nodejs/bin/node', '-e', code]
      return (
        await kubectl(['exec', '-n', monitoring, from, '-c', 'scraper', '--', ...node])
      ).trim()
    }

    test('are for Prometheus, as its own policy says', async () => {
      expect(await scrape('prometheus', '/metrics')).toMatch(
        /^200 # TYPE shop_orders_total counter/,
      )
      expect(await scrape('prometheus', '/healthz')).toBe('403 RBAC: access denied')
    })
    test('are for no other Pod', async () => {
      expect(await scrape('other', '/metrics')).toBe('403 RBAC: access denied')
      expect(await scrape('outside', '/metrics')).toMatch(/ECONNRESET|UND_ERR_SOCKET/)
    })
  })

  test('signs as before after all of this', async () => {
    expect((await ask(go)).outcome).toBe('signed')
  })
})
