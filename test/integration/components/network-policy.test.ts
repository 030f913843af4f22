// The rendered component network-policy: the gateway of the cluster, our Pods, and the ports of the mesh.
import { describe, expect, test } from 'vitest'
import { valueAt } from '../../../tools/analyze/finding.ts'
import { readLabels } from '../../../tools/analyze/model/pod.ts'
import { readComponentResources } from '../../../tools/deploy/render/components.ts'
import { onePod, separatePods } from '../../../tools/kube/layouts.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { renderSample } from '../../support/api-server/sample.ts'

const protectedPods = { 'secure-signing.dev/protected': 'true' }
const samples = await Promise.all(
  [onePod, separatePods].map(async (layout) => ({
    ...layout,
    layout,
    sample: await renderSample(['network-policy'], layout),
  })),
)

describe.each(samples)('on the overlay $overlay', ({ layout, sample }) => {
  const { resources, find, spec: readSpec } = sample
  const readPolicy = (name: string) => readSpec(`NetworkPolicy/${name}`)
  const listPolicies = () => resources.filter(({ kind }) => kind === 'NetworkPolicy')
  const readApp = (workload: string) => {
    const found = find(`Deployment/${workload}`)
    return found && valueAt(readLabels(found), ['app'])
  }

  test('only the gateway of the cluster reaches the frontend, at the port of its Service', () => {
    const { podSelector, ingress } = readPolicy('signer-allow-gateway-to-frontend')
    const gateway = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'edge-system' } },
      podSelector: { matchLabels: { istio: 'edge' } },
    }
    expect(ingress).toEqual([{ from: [gateway], ports: [{ port: 8080, protocol: 'TCP' }] }])
    expect(podSelector.matchLabels).toEqual(
      layout === onePod ? protectedPods : { app: readApp(layout.frontend) },
    )
    expect(readSpec('Service/frontend').ports).toMatchObject([{ targetPort: 8080 }])
  })

  test('a proxy reaches istiod in the namespace that the cluster has it in', () => {
    const { egress } = readPolicy('signer-allow-proxy-to-istiod')
    const istiod = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'mesh-system' } },
      podSelector: { matchLabels: { app: 'istiod' } },
    }
    expect(egress).toEqual([{ to: [istiod], ports: [{ port: 15012, protocol: 'TCP' }] }])
  })

  test('the frontend may connect to the port of the signer, if that is another Pod', () => {
    const between = listPolicies().filter(({ metadata }) =>
      /-frontend-to-|-from-/.test(metadata.name),
    )
    expect(between).toHaveLength(layout === onePod ? 0 : 2)
    if (layout === onePod) return
    const [route] = readPolicy('signer-allow-frontend-to-signer').egress
    const { podSelector, ingress } = readPolicy('signer-allow-signer-from-frontend')
    expect(route).toEqual({ to: [{ podSelector }], ports: [{ port: 8081, protocol: 'TCP' }] })
    const from = readPolicy('signer-allow-frontend-to-signer').podSelector
    expect(ingress).toEqual([{ from: [{ podSelector: from }], ports: route.ports }])
    const listeners = readSpec(`Sidecar/${layout.signer}`).ingress
    expect(listeners).toContainEqual(
      expect.objectContaining({ port: expect.objectContaining({ number: 8081 }) }),
    )
    expect([from.matchLabels.app, podSelector.matchLabels.app]).toEqual([
      readApp(layout.frontend),
      readApp(layout.signer),
    ])
  })

  test('every protected Pod is denied all other traffic, in both directions', () => {
    expect(readPolicy('signer-deny-all')).toEqual({
      podSelector: { matchLabels: protectedPods },
      policyTypes: ['Ingress', 'Egress'],
    })
  })

  test('`make deploy` and `make undeploy` find each policy in its namespace', async () => {
    const known = (await readComponentResources()).filter(({ kind }) => kind === 'NetworkPolicy')
    const places = known.map(({ metadata }) => [metadata.name, metadata.namespace])
    const applied = listPolicies().map(({ metadata }) => [metadata.name, namespace])
    expect(places).toEqual(expect.arrayContaining(applied))
    expect(listPolicies().length).toBeGreaterThan(4)
  })
})
