// The component high-availability: three Pods, spread, replaced one at a time, and left out by the gateway while one fails.
import { describe, expect, test } from 'vitest'
import { layouts, listWorkloads } from '../../../tools/kube/layouts.ts'
import { injectProxy } from '../../support/api-server/inject.ts'
import { renderSample } from '../../support/api-server/sample.ts'

const fixed = ['high-availability']
const scaled = [...fixed, 'autoscaling']
const samples = [
  { components: fixed, replicas: 3, rendering: await renderSample(fixed) },
  { components: scaled, replicas: undefined, rendering: await renderSample(scaled) },
]

describe.each(samples)('with $components', ({ replicas, rendering }) => {
  const readSpec = rendering.spec
  const readTemplate = () => readSpec('Deployment/secure-signing').template

  test(`there are ${replicas ?? 'as many as the autoscaler says'}`, () => {
    expect(readSpec('Deployment/secure-signing').replicas).toBe(replicas)
  })

  test('the budget is of our Pods, and lets one go at a time', () => {
    const { selector, maxUnavailable } = readSpec('PodDisruptionBudget/secure-signing')
    const names = layouts.flatMap(listWorkloads)
    expect(selector).toEqual({ matchExpressions: [{ key: 'app', operator: 'In', values: names }] })
    expect(names).toContain(readTemplate().metadata.labels.app)
    expect(maxUnavailable).toBe(1)
  })

  test.each([
    [0, 'topology.kubernetes.io/zone'],
    [1, 'kubernetes.io/hostname'],
  ])('wish %i is to spread our Pods, of one version, over %s', (index, topologyKey) => {
    const { metadata, spec } = readTemplate()
    const wish = spec.topologySpreadConstraints[index]
    expect(wish).toMatchObject({
      ...{ topologyKey, maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' },
      matchLabelKeys: ['pod-template-hash'],
    })
    // The hash is one Deployment's alone.
    expect(wish.labelSelector).toEqual({ matchExpressions: [{ key: 'app', operator: 'Exists' }] })
    expect(Object.keys(metadata.labels)).toContain('app')
  })

  test('the rule for the gateway is of the Service, and seen in every namespace', () => {
    const rule = rendering.find('DestinationRule/frontend')
    const service = rendering.find('Service/frontend')
    // A host without dots is of the rule's own namespace.
    expect(readSpec('DestinationRule/frontend').host).toBe(service?.metadata.name)
    expect(rule?.metadata.namespace).toBe(service?.metadata.namespace)
    expect(readSpec('DestinationRule/frontend').exportTo).toEqual(['*'])
  })

  test('it says nothing of TLS, which would switch automatic mTLS off', () => {
    expect(Object.keys(readSpec('DestinationRule/frontend').trafficPolicy).toSorted()).toEqual([
      'connectionPool',
      'loadBalancer',
      'outlierDetection',
    ])
  })

  test.each([
    ['one of three', 3, 1],
    ['none of two', 2, 0],
    ['never the only one', 1, 0],
    ['four of twelve', 12, 4],
  ])('it takes %s', (_, pods, taken) => {
    const { outlierDetection } = readSpec('DestinationRule/frontend').trafficPolicy
    // Envoy takes one more as long as the share of the taken, that one included, is within this.
    expect(Math.floor((outlierDetection.maxEjectionPercent / 100) * pods)).toBe(taken)
    expect(outlierDetection.minHealthPercent).toBeGreaterThan(0)
    expect(outlierDetection.consecutive5xxErrors).toBe(0)
  })

  test.each([true, false])(
    'the proxy gets what the annotations say, native: %s',
    async (native) => {
      const injected = await injectProxy(rendering, native)
      const deployment = injected.find(({ kind }) => kind === 'Deployment')
      const { initContainers = [], containers } = Object(deployment?.spec).template.spec
      expect([...initContainers, ...containers]).toContainEqual(
        expect.objectContaining({
          name: 'istio-proxy',
          resources: {
            requests: { cpu: '500m', memory: '128Mi' },
            limits: { cpu: '2', memory: '1Gi' },
          },
        }),
      )
    },
  )
})
