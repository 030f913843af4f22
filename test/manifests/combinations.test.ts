// Every two things that can be deployed together are, in one combination or another: it is taken, rendered, and nothing is
// found in it. The combinations are as few as can be.
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { applyRules } from '../../analyze/rule.ts'
import { rules } from '../../analyze/rules.ts'
import { analyzeRendering } from '../../deploy/analyze.ts'
import { listComponents, parseComponents } from '../../deploy/components.ts'
import { layouts, parseOverlay } from '../../deploy/layouts.ts'
import { parseResources } from '../../deploy/resources.ts'
import { type Combination, listPairwise } from './pairwise.ts'
import { renderSample } from './sample.ts'

/** Of each there is one, the first being nothing. */
const choices = {
  overlay: layouts.map(({ overlay }) => overlay),
  key: ['', 'vault', 'external-secrets-aws', 'external-secrets-azure', 'external-secrets-gcp'],
  scale: ['', 'high-availability', 'autoscaling', 'high-availability autoscaling'],
  deployer: ['', 'deployer'],
  network: ['', 'network-policy'],
  confinement: ['', 'seccomp', 'apparmor', 'seccomp apparmor'],
}
/** What `make deploy` refuses, with its reason in the tests of parseComponents. */
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

test('every component is in one of them', async () => {
  const combined = combinations.flatMap(({ names }) => names.split(' '))
  expect(combined).toEqual(expect.arrayContaining(await listComponents()))
})

describe.each(combinations)('$overlay with "$names"', ({ overlay, names }) => {
  test('renders, and nothing is found in it', async () => {
    const layout = parseOverlay(overlay)
    const components = await parseComponents(names, layout)
    const rendering = await renderSample(components, layout)
    expect(applyRules(rules, parseResources(rendering.yaml))).toEqual([])
    expect(await analyzeRendering(rendering, 'files')).toEqual([])
    await rm(dirname(rendering.path), { recursive: true })
  })
})
