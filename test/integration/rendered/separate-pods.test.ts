// OVERLAY=separate-pods keeps every rule of `make analyze`, and each rule finds its mistakes there.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rules } from '../../../tools/analyze/rules.ts'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { analyzeRendering } from '../../../tools/deploy/apply/istioctl-analyze.ts'
import {
  layouts,
  noMesh,
  onePod,
  overlayFolder,
  parseOverlay,
  separatePods,
} from '../../../tools/kube/layouts.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { sampleValuesOf } from '../../support/api-server/sample-values.ts'
import { applyChange } from '../../support/mistakes/mistakes.ts'
import { separatePodsMistakes } from '../../support/mistakes/separate-pods-mistakes.ts'

const rendering = await renderSample([], separatePods)
const { resources, spec: specOf } = rendering

describe('separate Pods', () => {
  test('keep every rule', () => expect(applyRules(rules, resources)).toEqual([]))

  test.each(separatePodsMistakes)('%s: %s is noticed', (rule, _, change) => {
    const found = applyRules(rules, applyChange(resources, change))
    expect(found.map((each) => each.rule)).toContain(rule)
  })

  test('are two Deployments, applied last, and no third thing', () => {
    const names = resources.slice(-2).map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    expect(names).toEqual(['Deployment/frontend', 'Deployment/signer'])
    for (const { kind, metadata } of resources) {
      if (!kind.startsWith('ValidatingAdmission')) expect(metadata.name).not.toBe('secure-signing')
    }
  })

  test('have every value of the cluster filled in, and each its own identity', () => {
    const { prometheusPrincipal: _, istiodNamespace: __, ...values } = sampleValuesOf(separatePods)
    for (const value of Object.values(values)) expect(rendering.yaml).toContain(value)
    expect(rendering.yaml).not.toMatch(/cluster\.local\/ns|sa\/secure-signing|:secure-signing$/m)
    const [rule] = specOf('AuthorizationPolicy/signer-allow-caller').rules
    expect(rule.from[0].source).toEqual({
      principals: ['mesh.example/ns/signing/sa/frontend'],
      requestPrincipals: ['https://tokens.example/system:serviceaccount:signing:frontend'],
    })
  })

  test('call each other by names that both have', () => {
    const { selector } = specOf('Service/signer')
    expect(selector).toEqual({ app: 'signer' })
    const { trafficPolicy } = specOf('DestinationRule/signer')
    expect(trafficPolicy.tls).toEqual({
      mode: 'ISTIO_MUTUAL',
      subjectAltNames: ['spiffe://mesh.example/ns/signing/sa/signer'],
    })
  })

  test('istioctl analyze has neither errors nor warnings', async () => {
    expect(await analyzeRendering(rendering, 'files')).toEqual([])
  })

  test('are guarded by the very policies of the API server that guard one Pod', async () => {
    const one = await renderSample()
    const listPolicies = (all: readonly Resource[]) =>
      all.filter(({ kind }) => kind.startsWith('ValidatingAdmission'))
    // The signer's Pod is selected by its label app too.
    const readText = (all: readonly Resource[]) =>
      JSON.stringify(listPolicies(all)).replace(/"[^"]*","name":"selectingLabels"/, '')
    expect(readText(resources)).toBe(readText(one.resources))
  })
})

describe('separate Pods with high-availability', async () => {
  const { spec } = await renderSample(['high-availability'], separatePods)

  test.each(['frontend', 'signer'])(
    'there are three of the %s, with no other container',
    (name) => {
      const { replicas, template: made } = spec(`Deployment/${name}`)
      expect(replicas).toBe(3)
      const [only, ...others] = made.spec.containers
      expect(others).toEqual([])
      expect(only).toMatchObject({ name, resources: { requests: { cpu: '250m' } } })
      expect(made.spec.topologySpreadConstraints).toHaveLength(2)
    },
  )

  test('a failing signer is left out, and mutual TLS to the others stays', () => {
    expect(spec('DestinationRule/signer')).toMatchObject({
      trafficPolicy: { outlierDetection: expect.anything(), tls: { mode: 'ISTIO_MUTUAL' } },
    })
  })
})

test('separate Pods with autoscaling are scaled each by its own container', async () => {
  const names = ['high-availability', 'autoscaling']
  const { resources: scaled } = await renderSample(names, separatePods)
  const specs = scaled
    .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
    .map(({ spec }) => Object(spec))
  expect(specs.map(({ scaleTargetRef }) => scaleTargetRef.name)).toEqual(['frontend', 'signer'])
  for (const { scaleTargetRef, metrics } of specs) {
    expect(metrics).toMatchObject([{ containerResource: { container: scaleTargetRef.name } }])
  }
  for (const { kind, spec } of scaled) {
    if (kind === 'Deployment') expect(spec).not.toHaveProperty('replicas')
  }
})

describe('OVERLAY', () => {
  test.each([
    [undefined, onePod],
    ['', onePod],
    ['default', onePod],
    ['separate-pods', separatePods],
    ['no-mesh', noMesh],
  ])('%j is %j', (name, layout) => expect(parseOverlay(name)).toBe(layout))

  test.each(['separate', 'Default', '../base', 'default separate-pods'])(
    'refuses an unknown overlay, and names the known ones: %s',
    (name) => {
      expect(() => parseOverlay(name)).toThrow(
        expect.objectContaining({ todo: 'Use one of default, separate-pods, no-mesh.' }),
      )
    },
  )

  test.each(layouts)(
    '$overlay has a kustomization, and images for its policies',
    async (layout) => {
      const folder = resolve(CHECKOUT, overlayFolder(layout))
      for (const name of ['.', 'released-image']) {
        expect(await readFile(resolve(folder, name, 'kustomization.yaml'), 'utf8')).toMatch(/^# \S/)
      }
    },
  )
})
