// The rendered resources keep every rule of `make analyze`, and each rule finds its mistakes.
import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { asReleasedRule } from '../../../tools/analyze/rules/as-released-rule.ts'
import { managerRules } from '../../../tools/analyze/rules/manager-rules.ts'
import { othersRule } from '../../../tools/analyze/rules/others-rule.ts'
import { meshRules, podRules } from '../../../tools/analyze/rules.ts'
import { analyzeRendering } from '../../../tools/deploy/apply/istioctl-analyze.ts'
import { onePod } from '../../../tools/kube/layouts.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { sampleValuesOf } from '../../support/api-server/sample-values.ts'
import { managerMistakes } from '../../support/mistakes/manager-mistakes.ts'
import { meshMistakes } from '../../support/mistakes/mesh-mistakes.ts'
import { testRules } from '../../support/mistakes/mistakes.ts'
import { podMistakes } from '../../support/mistakes/pod-mistakes.ts'
import {
  othersMistakes,
  releasedMeshMistakes,
} from '../../support/mistakes/released-mesh-mistakes.ts'
import { releasedMistakes } from '../../support/mistakes/released-mistakes.ts'

const values = sampleValuesOf(onePod)
const rendering = await renderSample()
const { resources } = rendering

describe('the Pod', () => testRules(podRules, podMistakes, () => resources))
describe('the mesh', () => testRules(meshRules, meshMistakes, () => resources))
describe('admission', () => testRules([asReleasedRule], releasedMistakes, () => resources))
describe('the mesh as released', () =>
  testRules([asReleasedRule], releasedMeshMistakes, () => resources))
describe('resources of others', () => testRules([othersRule], othersMistakes, () => resources))
describe('key managers', () => testRules(managerRules, managerMistakes, () => resources))

test('the Pod is applied last, after every policy that guards it', () => {
  const kinds = resources.map(({ kind }) => kind)
  expect(kinds.indexOf('Deployment')).toBe(resources.length - 1)
  const policies = kinds.findLastIndex((kind) => kind.startsWith('ValidatingAdmissionPolicy'))
  expect(policies).toBeLessThan(kinds.indexOf('Namespace'))
  expect(kinds.indexOf('Namespace')).toBe(policies + 1)
})

describe('the cluster', () => {
  test('every value of it is filled in', async () => {
    const { yaml } = await renderSample(['monitoring', 'network-policy'])
    for (const value of Object.values(values)) expect(yaml).toContain(value)
  })

  test.each([
    'cluster.local/ns',
    'https://kubernetes.default',
    'ingressgateway',
    'istio.io/rev: default',
    '"keys":[]',
    'cluster-values',
    'image: secure-signing/',
    "secure-signing/signer'",
  ])('no default is left where a value belongs: %s', (remainder) => {
    expect(rendering.yaml).not.toContain(remainder)
  })

  test('istioctl analyze has neither errors nor warnings', async () => {
    expect(await analyzeRendering(rendering, 'files')).toEqual([])
  })

  test('istioctl analyze would have: a key set that is none', async () => {
    const yaml = rendering.yaml.replace(values.tokenKeys, '{"keys":[{"kty":"RSA"}]}')
    const broken = { yaml, path: rendering.path.replace('rendered', 'broken') }
    await writeFile(broken.path, yaml)
    expect(await analyzeRendering(broken, 'files')).toEqual([
      expect.stringContaining('RequestAuthentication signing/signer-authenticate-caller'),
    ])
  })
})
