// What COMPONENTS names, and what it can't. Their resources are judged in combinations.test.ts.
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseComponents } from '../../../tools/deploy/render/components.ts'
import { separatePods } from '../../../tools/kube/layouts.ts'
import { renderSample } from '../../support/api-server/sample.ts'

describe('COMPONENTS', () => {
  test.each([
    [undefined, []],
    ['', []],
    ['high-availability autoscaling', ['high-availability', 'autoscaling']],
    [' autoscaling,deployer  autoscaling ', ['deployer', 'autoscaling']],
    ['autoscaling high-availability', ['high-availability', 'autoscaling']],
    ['tracing vault', ['vault', 'tracing']],
  ])('%j names %j', async (text, names) => expect(await parseComponents(text)).toEqual(names))

  test.each(['high-availabilty', 'cluster-values', '../base', '.'])(
    'refuses what is none, and says what there is: %s',
    async (name) => {
      await expect(parseComponents(`deployer ${name}`)).rejects.toMatchObject({
        message: expect.stringContaining(`: ${name}`),
        todo: expect.stringMatching(
          /^there are: apparmor, autoscaling, deployer, .*, monitoring, network-policy, seccomp, selinux, tracing, vault$/,
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
      'several key managers: external-secrets-aws, vault',
    )
    await expect(renderSample(both)).rejects.toThrow('already registered')
  })

  test('refuses what no kernel does at once', async () => {
    await expect(parseComponents('selinux apparmor')).rejects.toThrow('no node enforces both')
  })

  test('are put in the only order that kustomize accepts', async () => {
    for (const [names, conflict] of [
      ['autoscaling high-availability', '/spec/replicas'],
      ['tracing vault', '/spec/egress/1/hosts'],
    ] as const) {
      await expect(renderSample(names.split(' '))).rejects.toThrow(conflict)
      const { path } = await renderSample(await parseComponents(names))
      await rm(dirname(path), { recursive: true })
    }
  })
})
