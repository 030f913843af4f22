// The optional components, each alone and together: the rules of `make analyze` hold with them, `make undeploy` knows what
// they add, and COMPONENTS names them.
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyRules } from '../../analyze/rule.ts'
import { rules } from '../../analyze/rules.ts'
import { analyzeRendering } from '../../deploy/analyze.ts'
import { parseComponents, readComponentResources } from '../../deploy/components.ts'
import { type Layout, layouts, onePod, separatePods } from '../../deploy/layouts.ts'
import type { Rendering } from '../../deploy/render.ts'
import { describeResource, parseResources, type Resource } from '../../deploy/resources.ts'
import { renderSample } from './sample.ts'

let plain: string[]

beforeAll(async () => {
  const all = await Promise.all(layouts.map((layout) => renderSample([], layout)))
  await Promise.all(all.map(({ path }) => rm(dirname(path), { recursive: true })))
  plain = all.flatMap(({ yaml }) => parseResources(yaml).map(describeResource))
})

type Case = { components: string[]; layout?: Layout }
const cases: Case[] = [
  { components: ['high-availability'] },
  { components: ['autoscaling'] },
  { components: ['deployer'] },
  { components: ['vault'] },
  { components: ['network-policy'] },
  { components: ['high-availability', 'autoscaling'] },
  { components: ['deployer', 'high-availability', 'autoscaling'] },
  { components: ['external-secrets-aws'] },
  { components: ['external-secrets-azure'] },
  { components: ['external-secrets-gcp', 'high-availability', 'autoscaling'] },
  { components: ['vault', 'high-availability', 'autoscaling'] },
  { components: ['seccomp'] },
  { components: ['apparmor'] },
  { components: ['vault', 'seccomp', 'apparmor', 'high-availability', 'autoscaling'] },
  { components: ['external-secrets-aws', 'high-availability', 'deployer'], layout: separatePods },
  { components: ['high-availability', 'autoscaling'], layout: separatePods },
  { components: ['external-secrets-azure'], layout: separatePods },
  { components: ['external-secrets-gcp'], layout: separatePods },
  { components: ['seccomp', 'apparmor', 'high-availability'], layout: separatePods },
]

describe.each(cases)('with $components $layout.overlay', ({ components, layout = onePod }) => {
  let rendering: Rendering
  let resources: Resource[]

  beforeAll(async () => {
    rendering = await renderSample(components, layout)
    resources = parseResources(rendering.yaml)
  })
  afterAll(() => rm(dirname(rendering.path), { recursive: true }))

  test('every rule holds', () => expect(applyRules(rules, resources)).toEqual([]))

  test('istioctl analyze has neither errors nor warnings', async () => {
    expect(await analyzeRendering(rendering, 'files')).toEqual([])
  })

  test('the Pod is still applied last', () => {
    expect(resources.at(-1)?.kind).toBe('Deployment')
  })

  test('`make undeploy` knows everything that they add', async () => {
    const added = resources.map(describeResource).filter((name) => !plain.includes(name))
    const known = (await readComponentResources()).map(describeResource)
    expect(added).not.toEqual([])
    expect(known).toEqual(expect.arrayContaining(added))
  })
})

describe('COMPONENTS', () => {
  test.each([
    [undefined, []],
    ['', []],
    ['high-availability autoscaling', ['high-availability', 'autoscaling']],
    [' autoscaling,deployer  autoscaling ', ['autoscaling', 'deployer']],
  ])('%j names %j', async (text, names) => expect(await parseComponents(text)).toEqual(names))

  test.each(['high-availabilty', 'cluster-facts', '../base', '.'])(
    'refuses what is none, and says what there is: %s',
    async (name) => {
      await expect(parseComponents(`deployer ${name}`)).rejects.toMatchObject({
        message: expect.stringContaining(`: ${name}`),
        todo: expect.stringMatching(
          /^there are: apparmor, autoscaling, deployer, .*, network-policy, seccomp.*, vault$/,
        ),
      })
    },
  )

  test('refuses for separate Pods what they cannot have, and says why', async () => {
    const names = 'high-availability vault'
    expect(await parseComponents(names)).toContain('vault')
    await expect(parseComponents(names, separatePods)).rejects.toThrow(
      "COMPONENTS names vault, which OVERLAY=separate-pods can't have: its ",
    )
  })

  test('refuses two key managers, and so does kustomize', async () => {
    const both = ['external-secrets-aws', 'external-secrets-gcp']
    await expect(parseComponents(both.join(' '))).rejects.toThrow('several key managers')
    await expect(parseComponents('vault external-secrets-aws')).rejects.toThrow(
      'several key managers: vault, external-secrets-aws',
    )
    await expect(renderSample(both)).rejects.toThrow('already registered')
  })

  test('refuses an order in which one undoes the other, and so does kustomize', async () => {
    const wrong = ['autoscaling', 'high-availability']
    await expect(parseComponents(wrong.join(' '))).rejects.toMatchObject({
      todo: "COMPONENTS='high-availability autoscaling'",
    })
    await expect(renderSample(wrong)).rejects.toThrow('/spec/replicas')
  })
})
