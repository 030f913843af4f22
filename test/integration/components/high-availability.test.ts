// The component high-availability: three Pods, spread, replaced one at a time, and left out by the gateway while one fails.
import { describe, expect, test } from 'vitest'
import { injectProxy } from '../../support/api-server/inject.ts'
import { renderSample } from '../../support/api-server/sample.ts'

const protectedPods = { 'secure-signing.dev/protected': 'true' }
const fixed = ['high-availability']
const scaled = [...fixed, 'autoscaling']
const samples = [
  { components: fixed, replicas: 3, rendering: await renderSample(fixed) },
  { components: scaled, replicas: undefined, rendering: await renderSample(scaled) },
]

describe.each(samples)('with $components', ({ replicas, rendering }) => {
  const readSpec = rendering.spec
  const readTemplate = () => readSpec('Deployment/secure-signing').template

  test(`the number of Pods is ${replicas ?? 'left to the autoscaler'}`, () => {
    expect(readSpec('Deployment/secure-signing').replicas).toBe(replicas)
  })

  test('the disruption budget selects our Pods, and allows one eviction at a time', () => {
    const { selector, maxUnavailable } = readSpec('PodDisruptionBudget/secure-signing')
    expect(selector).toEqual({ matchLabels: protectedPods })
    expect(readTemplate().metadata.labels).toMatchObject(protectedPods)
    expect(maxUnavailable).toBe(1)
  })

  test.each([
    [0, 'topology.kubernetes.io/zone'],
    [1, 'kubernetes.io/hostname'],
  ])('topology constraint %i spreads our Pods of one version over %s', (index, topologyKey) => {
    const { metadata, spec } = readTemplate()
    const constraint = spec.topologySpreadConstraints[index]
    expect(constraint).toMatchObject({
      ...{ topologyKey, maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' },
      matchLabelKeys: ['pod-template-hash'],
    })
    // Each Deployment has its own hash.
    expect(constraint.labelSelector).toEqual({ matchLabels: protectedPods })
    expect(metadata.labels).toMatchObject(protectedPods)
  })

  test('the DestinationRule applies to the Service, and is visible in all namespaces', () => {
    const rule = rendering.find('DestinationRule/frontend')
    const service = rendering.find('Service/frontend')
    // A host without dots is in the namespace of the rule.
    expect(readSpec('DestinationRule/frontend').host).toBe(service?.metadata.name)
    expect(rule?.metadata.namespace).toBe(service?.metadata.namespace)
    expect(readSpec('DestinationRule/frontend').exportTo).toEqual(['*'])
  })

  test('the DestinationRule keeps mutual TLS', () => {
    expect(readSpec('DestinationRule/frontend').trafficPolicy.tls).toEqual({ mode: 'ISTIO_MUTUAL' })
  })

  test.each([
    ['one of three', 3, 1],
    ['none of two', 2, 0],
    ['never the only one', 1, 0],
    ['four of twelve', 12, 4],
  ])('the gateway ejects %s', (_, pods, ejected) => {
    const { outlierDetection } = readSpec('DestinationRule/frontend').trafficPolicy
    // Envoy ejects another one if the share of the ejected, including that one, stays within this.
    expect(Math.floor((outlierDetection.maxEjectionPercent / 100) * pods)).toBe(ejected)
    expect(outlierDetection.minHealthPercent).toBeGreaterThan(0)
    expect(outlierDetection.consecutive5xxErrors).toBe(0)
  })

  test.each([true, false])(
    'the proxy gets the resources in the annotations, as a native sidecar: %s',
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
