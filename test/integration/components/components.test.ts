// The names in COMPONENTS. combinations.test.ts checks the resources.
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
    'refuses the unknown name %s, and lists the known ones',
    async (name) => {
      await expect(parseComponents(`deployer ${name}`)).rejects.toMatchObject({
        message: expect.stringContaining(`: ${name}`),
        todo: expect.stringMatching(
          /^Use names among apparmor, autoscaling, deployer, .*, limits, monitoring, network-policy, seccomp, selinux, tracing, vault, webhook-opt-out\.$/,
        ),
      })
    },
  )

  test('refuses a component that separate Pods do not support, and says why', async () => {
    const names = 'high-availability vault'
    expect(await parseComponents(names)).toContain('vault')
    await expect(parseComponents(names, separatePods)).rejects.toThrow(
      'OVERLAY=separate-pods does not support the component vault: its ',
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

  test('refuses AppArmor with SELinux', async () => {
    await expect(parseComponents('selinux apparmor')).rejects.toThrow('a node enforces only one')
  })

  test('puts the names in the only order that kustomize accepts', async () => {
    for (const [names, conflict] of [
      ['autoscaling high-availability', '/spec/replicas'],
      ['tracing vault', '/spec/egress/1/hosts'],
    ] as const) {
      await expect(renderSample(names.split(' '))).rejects.toThrow(conflict)
      await renderSample(await parseComponents(names))
    }
  })
})
