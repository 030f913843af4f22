// The namespace of the Go example has another workload, which nothing of the deployment touches.
import { describe, expect, inject, test } from 'vitest'
import { tryRun } from '../../tools/cli/exec.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { cleanUp } from '../support/clean-up.ts'
import { needsLocalCluster } from '../support/skips.ts'
import {
  apply,
  findUnrelated,
  namespace,
  readInPlainText,
  readNamespaceLabels,
  renameUnrelated,
  unrelated,
} from './support/unrelated.ts'
import { identify, waitForRolloutOf } from './support/workloads.ts'

describe('the other workload in the namespace of the Go example', needsLocalCluster, () => {
  test('has the same Pod as before the deployment, and no container has restarted', async () => {
    expect(identify(await findUnrelated())).toEqual(inject('unrelatedBefore').pod)
  })
  test('is served in plain text', async () => {
    expect(await readInPlainText()).toBe('Welcome to our blog')
  })
  test('has no sidecar, and its namespace has the labels of before', async () => {
    const { spec } = await findUnrelated()
    expect([...spec.initContainers, ...spec.containers].map(({ name }) => name)).toEqual([
      unrelated,
    ])
    expect(await readNamespaceLabels()).toEqual(inject('unrelatedBefore').labels)
  })
  test('admits kubectl exec', async () => {
    const exec = ['exec', '-n', namespace, `deployment/${unrelated}`, '--', '/shop']
    // The program runs, and says that it lacks an argument.
    const { code, stderr } = await tryRun('kubectl', exec)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('usage: shop ') })
  })
  test('restarts', async () => {
    const before = await findUnrelated()
    await kubectl(['rollout', 'restart', `deployment/${unrelated}`, '-n', namespace])
    await waitForRolloutOf(namespace, unrelated)
    expect((await findUnrelated()).metadata.uid).not.toBe(before.metadata.uid)
    expect(await readInPlainText()).toBe('Welcome to our blog')
  })
  test('gets company by a new Deployment, which is admitted', async () => {
    const name = 'second-blog'
    cleanUp(() => kubectl(['delete', 'deployment', name, '-n', namespace]))
    await apply([await renameUnrelated(name)])
    await waitForRolloutOf(namespace, name)
  })
})
