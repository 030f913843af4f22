// The component network-policy as it is rendered: for this cluster's gateway, for our Pods, for the ports that the mesh uses.
import { describe, expect, test } from 'vitest'
import { valueAt } from '../../../tools/analyze/finding.ts'
import { readLabels } from '../../../tools/analyze/model/pod.ts'
import { readComponentResources } from '../../../tools/deploy/render/components.ts'
import { onePod, separatePods } from '../../../tools/kube/layouts.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { renderSample } from '../../support/api-server/sample.ts'

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

  test('only the gateway of this cluster is let in, to the one port that a Service leads to', () => {
    const { podSelector, ingress } = readPolicy('allow-gateway-to-frontend')
    const gateway = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'edge-system' } },
      podSelector: { matchLabels: { istio: 'edge' } },
    }
    expect(ingress).toEqual([{ from: [gateway], ports: [{ port: 8080, protocol: 'TCP' }] }])
    expect(podSelector.matchExpressions[0].key).toBe('app')
    expect(podSelector.matchExpressions[0].values).toContain(readApp(layout.frontend))
    expect(readSpec('Service/frontend').ports).toMatchObject([{ targetPort: 8080 }])
  })

  test('the frontend may call the signer’s one port, if that is another Pod', () => {
    const [way] = readPolicy('allow-frontend-to-signer').egress
    const { podSelector, ingress } = readPolicy('allow-signer-from-frontend')
    expect(way).toEqual({ to: [{ podSelector }], ports: [{ port: 8081, protocol: 'TCP' }] })
    const from = readPolicy('allow-frontend-to-signer').podSelector
    expect(ingress).toEqual([{ from: [{ podSelector: from }], ports: way.ports }])
    const listeners = readSpec(`Sidecar/${layout.signer}`).ingress
    expect(listeners).toContainEqual(
      expect.objectContaining({ port: expect.objectContaining({ number: 8081 }) }),
    )
    if (layout === onePod) return
    expect([from.matchLabels.app, podSelector.matchLabels.app]).toEqual([
      readApp(layout.frontend),
      readApp(layout.signer),
    ])
  })

  test('every Pod of the namespace is kept from everything else, both ways', () => {
    expect(readPolicy('deny-all')).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
  })

  test('`make deploy` and `make undeploy` find each where it is: a deny-all alone would cut the Pods off', async () => {
    const known = (await readComponentResources()).filter(({ kind }) => kind === 'NetworkPolicy')
    const places = known.map(({ metadata }) => [metadata.name, metadata.namespace])
    const applied = listPolicies().map(({ metadata }) => [metadata.name, namespace])
    expect(places.toSorted()).toEqual(applied.toSorted())
  })
})
