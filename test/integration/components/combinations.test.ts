// Every two things that can be deployed together are rendered together, and keep the rules of `make analyze`.
import { beforeAll, describe, expect, test } from 'vitest'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rules } from '../../../tools/analyze/rules.ts'
import { analyzeRendering } from '../../../tools/deploy/apply/istioctl-analyze.ts'
import { parseComponents, readComponentResources } from '../../../tools/deploy/render/components.ts'
import { componentNames } from '../../../tools/kube/application/component-names.ts'
import { meshedLayouts, parseOverlay } from '../../../tools/kube/layouts.ts'
import { describeResource, type Resource } from '../../../tools/kube/resources.ts'
import { renderSample, type Sample } from '../../support/api-server/sample.ts'
import { listUnlabelled } from '../../support/labels.ts'
import { type Combination, listPairwise } from '../../support/pairwise.ts'

/** A combination has one of each. The first one is nothing, or the default. */
const choices = {
  overlay: meshedLayouts.map(({ overlay }) => overlay),
  key: ['', 'vault', 'external-secrets-aws', 'external-secrets-azure', 'external-secrets-gcp'],
  scale: ['', 'high-availability', 'autoscaling', 'high-availability autoscaling'],
  deployer: ['', 'deployer'],
  network: ['', 'network-policy'],
  limits: ['', 'limits'],
  monitoring: ['', 'monitoring'],
  tracing: ['', 'tracing'],
  webhooks: ['', 'webhook-opt-out'],
  confinement: ['', 'seccomp', 'apparmor', 'seccomp apparmor', 'selinux', 'seccomp selinux'],
}
/** The pair that `make deploy` refuses. components.test.ts tests it. */
const isRefused = ({ overlay, key }: Combination<typeof choices>) =>
  overlay === 'separate-pods' && key === 'vault'

const combinations = listPairwise(choices, (each) => !isRefused(each)).map(
  ({ overlay, ...components }) => ({
    overlay,
    names: Object.values(components)
      .filter((name) => name !== '')
      .join(' '),
  }),
)

/** The resources of each overlay without components. */
const plain = new Map<string, Set<string>>()
/** What make undeploy finds. */
let known: string[]
const locate = (each: Resource) => `${each.metadata.namespace} ${describeResource(each)}`
beforeAll(async () => {
  known = (await readComponentResources()).map(locate)
  for (const layout of meshedLayouts) {
    const { resources } = await renderSample([], layout)
    plain.set(layout.overlay, new Set(resources.map(describeResource)))
  }
})

test('every component is in one of the combinations', async () => {
  const combined = combinations.flatMap(({ names }) => names.split(' '))
  expect(combined).toEqual(expect.arrayContaining(componentNames))
})

describe.each(combinations)('$overlay with "$names"', ({ overlay, names }) => {
  const layout = parseOverlay(overlay)
  let rendering: Sample
  let resources: Resource[]

  beforeAll(async () => {
    rendering = await renderSample(await parseComponents(names, layout), layout)
    resources = rendering.resources
  })

  test('every rule of make analyze holds', () => expect(applyRules(rules, resources)).toEqual([]))

  test('every resource has the standard labels', () => {
    expect(listUnlabelled(resources)).toEqual([])
  })

  test('the selector of a Deployment is the label app alone, because it can never change', () => {
    for (const { metadata, spec } of resources.filter(({ kind }) => kind === 'Deployment')) {
      expect(Object(spec).selector).toEqual({ matchLabels: { app: metadata.name } })
    }
  })

  test('istioctl analyze has neither errors nor warnings', async () => {
    expect(await analyzeRendering(rendering, 'files')).toEqual([])
  })

  test('the Pods are applied last', () => {
    expect(resources.at(-1)?.kind).toBe('Deployment')
  })

  test('`make undeploy` finds all resources of the components', () => {
    const isAdded = (each: Resource) => !plain.get(overlay)?.has(describeResource(each))
    expect(known).toEqual(expect.arrayContaining(resources.filter(isAdded).map(locate)))
  })
})
