// A deployment needs a node with the label that its Pods require. The label has the name of this version or of version 0.1.
// kubectl is a script with one node.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { checkNodeSelectors, selectsNodes } from '../../../tools/deploy/preflight/node-selector.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { makeFolder } from '../../support/folder.ts'

function makeDeployment(spec: object): Resource {
  const metadata = { name: 'secure-signing', namespace: 'signing' }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { template: { spec } } }
}

function makeAffinity(...keys: string[]) {
  const nodeSelectorTerms = keys.map((key) => ({
    matchExpressions: [{ key, operator: 'In', values: ['enforced'] }],
  }))
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms }
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution } } }
}

const both = makeAffinity('secure-signing.dev/apparmor', 'secure-signing/apparmor')
const amd64 = { nodeSelector: { 'kubernetes.io/arch': 'amd64' } }

/** Makes kubectl find the node by these selectors. */
async function fakeNode(...selectors: string[]): Promise<void> {
  const folder = await makeFolder()
  const cases = selectors.map((each) => `"get nodes -l ${each} -o name") echo node/node-1;;`)
  const script = ['#!/bin/sh', 'case "$*" in', ...cases, 'esac', ''].join('\n')
  await writeFile(join(folder, 'kubectl'), script, { mode: 0o755 })
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
}
afterEach(() => vi.unstubAllEnvs())

describe('a node fits', () => {
  test.each<[string, string, object]>([
    ['with the label', 'secure-signing.dev/apparmor=enforced', both],
    ['with the label of version 0.1', 'secure-signing/apparmor=enforced', both],
    [
      'with all labels of a term and of the node selector',
      'kubernetes.io/arch=amd64,secure-signing.dev/apparmor=enforced',
      { ...amd64, ...both },
    ],
    ['with the node selector alone', 'kubernetes.io/arch=amd64', amd64],
  ])('%s', async (_, selector, spec) => {
    await fakeNode(selector)
    expect(selectsNodes([makeDeployment(spec)])).toBe(true)
    await expect(checkNodeSelectors([makeDeployment(spec)])).resolves.toBeUndefined()
  })

  test('without a label, if kubectl cannot select nodes by one of the terms', async () => {
    await fakeNode()
    const term = { matchExpressions: [{ key: 'cpus', operator: 'Gt', values: ['3'] }] }
    const required = { nodeSelectorTerms: [term] }
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: required }
    const resources = [makeDeployment({}), makeDeployment({ affinity: { nodeAffinity } })]
    expect(selectsNodes(resources)).toBe(false)
    await expect(checkNodeSelectors(resources)).resolves.toBeUndefined()
  })
})

describe('no node fits', () => {
  beforeEach(() => fakeNode('kubernetes.io/arch=amd64'))

  test('with the required label, and the error names it and the command', async () => {
    await expect(checkNodeSelectors([makeDeployment(both)])).rejects.toMatchObject({
      message:
        'no node has the label secure-signing.dev/apparmor=enforced, which Deployment/secure-signing requires',
      todo: expect.stringContaining('kubectl label node NAME secure-signing.dev/apparmor=enforced'),
    })
  })

  test('with all required labels, but with one of them', async () => {
    await expect(checkNodeSelectors([makeDeployment({ ...amd64, ...both })])).rejects.toThrow(
      'no node has the label kubernetes.io/arch=amd64,secure-signing.dev/apparmor=enforced',
    )
  })
})
