// Settings of the cluster that keep a new Pod from starting, or end it. make deploy shows them in the cluster's own words.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { waitForRollout } from '../../tools/deploy/apply/rollout.ts'
import { kubectl, kubectlJson } from '../../tools/kube/kubectl.ts'
import { onePod } from '../../tools/kube/layouts.ts'
import { deployment, namespace } from '../../tools/kube/names.ts'
import { ROLLOUT_MS } from '../../tools/verify/faults/support/timeouts.ts'
import { needsLocalCluster } from '../support/skips.ts'

const here = ['-n', namespace]
const name = 'signing-test'
const wait = { timeoutMs: ROLLOUT_MS }
const podNames = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
      status: z.object({ phase: z.string(), reason: z.string().default('') }),
    }),
  ),
})

const patch = (spec: object) =>
  kubectl([
    ...['patch', 'deployment', deployment, ...here, '--type=strategic', '-p'],
    JSON.stringify({ spec: { template: { spec } } }),
  ])
const listPods = () =>
  kubectlJson(podNames, ['get', 'pods', ...here, '-l', `app=${deployment}`, '-o', 'json'])

describe('a Pod', needsLocalCluster, () => {
  let before: string

  beforeAll(async () => {
    before = await kubectl(['get', 'deployment', deployment, ...here, '-o', 'json'])
  })
  const restore = async () => {
    const { spec } = JSON.parse(before)
    const body = JSON.stringify([{ op: 'replace', path: '/spec/template', value: spec.template }])
    await kubectl(['patch', 'deployment', deployment, ...here, '--type=json', '-p', body])
    await kubectl(['rollout', 'status', `deployment/${deployment}`, ...here], wait)
    // Kubernetes keeps an evicted Pod, and other tests wait until all Pods are gone.
    await kubectl(['delete', 'pods', ...here, '--field-selector=status.phase=Failed'])
  }
  afterEach(async () => {
    const own = ['resourcequota', 'limitrange']
    for (const kind of own) await kubectl(['delete', kind, name, ...here, '--ignore-not-found'])
    await restore()
  })
  afterAll(restore)

  test("whose image the node cannot pull is reported with kubelet's text", async () => {
    await patch({ containers: [{ name: 'frontend', image: '127.0.0.1:1/team/frontend:x' }] })
    await expect(waitForRollout(onePod)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^the cluster cannot pull the image 127\.0\.0\.1:1\/team\/frontend:x: .*connection refused/,
      ),
      todo: expect.stringContaining('The node cannot reach the registry'),
    })
  })

  test("that a quota refuses is reported with the API server's text", async () => {
    await kubectl(['create', 'resourcequota', name, ...here, '--hard=pods=1'])
    await kubectl(['rollout', 'restart', `deployment/${deployment}`, ...here])
    await expect(waitForRollout(onePod)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^the cluster cannot create a Pod: .*exceeded quota: signing-test/,
      ),
      todo: expect.stringContaining('Raise the ResourceQuota'),
    })
  })

  test('whose container stops is reported with its end, and with the command for its log', async () => {
    await patch({
      containers: [{ name: 'frontend', env: [{ name: 'FRONTEND_PORT', value: 'none' }] }],
    })
    await expect(waitForRollout(onePod)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^the container frontend of the Pod .* stops each time: Error, exit code \d+/,
      ),
      todo: expect.stringContaining('--previous'),
    })
  })

  describe('with a log that is larger than kubelet keeps', () => {
    const writeLog = async () => {
      const { items } = await listPods()
      const [pod = ''] = items
        .filter(({ metadata, status }) => !metadata.deletionTimestamp && status.phase === 'Running')
        .map(({ metadata }) => metadata.name)
      // 96 MiB, within a second: kubelet rotates only every ten.
      const code = `const fs = require('node:fs'), out = fs.openSync('/proc/1/fd/1', 'w')
        const line = 'x'.repeat(1023) + '\\n'
        for (let i = 0; i < 96 * 1024; i += 1) fs.writeSync(out, line)`
      const target = ['exec', ...here, pod, '-c', 'frontend', '--']
      await kubectl([...target, '/nodejs/bin/node', '-e', code], wait)
      return pod
    }
    const isEvicted = async (pod: string) => {
      const events = ['get', 'events', ...here, '-o', 'jsonpath={.items[*].message}']
      const fields = `--field-selector=involvedObject.name=${pod},reason=Evicted`
      return (await kubectl([...events, fields])).includes('ephemeral')
    }
    const watchForEviction = async (pod: string): Promise<boolean> => {
      const deadline = Date.now() + 45_000
      while (Date.now() < deadline) {
        if (await isEvicted(pod)) return true
        await new Promise((resolve) => setTimeout(resolve, 1_000))
      }
      return false
    }

    test('is evicted with the limit of version 0.1', async () => {
      const limits = { 'ephemeral-storage': '64Mi' }
      await patch({ containers: [{ name: 'frontend', resources: { limits } }] })
      await kubectl(['rollout', 'status', `deployment/${deployment}`, ...here], wait)
      expect(await watchForEviction(await writeLog())).toBe(true)
    })

    test('is not evicted without it', async () => {
      expect(await watchForEviction(await writeLog())).toBe(false)
    })
  })
})
