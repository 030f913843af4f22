// make undeploy CONFIG=examples/go/signing.yaml: the other applications, the other workload of the namespace, and what they use
// stay. No request of the others is lost.
import { beforeAll, describe, expect, test } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import type { Summary } from '../../tools/verify/faults/summarize.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { applications, runProgram, tryProgram } from './support/applications.ts'
import { componentsInUse } from './support/bring-up.ts'
import { ask, underLoadOf } from './support/signed-requests.ts'
import { findUnrelated, readInPlainText } from './support/unrelated.ts'
import { identify, listPodsOf } from './support/workloads.ts'

const PER_SECOND = 20
const HOOK_MS = 300_000
const { ours, flask, go } = applications
const protectedPods = 'secure-signing.dev/protected=true'
const clusterWide = 'validatingadmissionpolicies,validatingadmissionpolicybindings,namespaces'

/** Lists names of cluster-wide resources, and the resources of a folder of ours that all applications share. */
async function listClusterWide(): Promise<string[]> {
  const found = await kubectl(['get', clusterWide, '-o', 'name'])
  const shared = await kubectl(['get', 'daemonsets', '-A', '-o', 'name'])
  return [...found.trim().split('\n'), ...shared.trim().split('\n')].toSorted()
}

/** Does `work` under load on both other applications. */
async function underBothLoads(work: () => Promise<unknown>): Promise<Record<string, Summary>> {
  let second: Summary | undefined
  const first = await underLoadOf(ours, PER_SECOND, async () => {
    second = await underLoadOf(flask, PER_SECOND, work)
  })
  return { ours: first, flask: second as Summary }
}

function expectNoLoss(title: string, loads: Record<string, Summary>): void {
  for (const [name, { requests, failed, how }] of Object.entries(loads)) {
    console.info(`${title}: ${name} had ${requests} requests, ${failed} failed`)
    expect({ name, failed, how }).toEqual({ name, failed: 0, how: {} })
    expect(requests).toBeGreaterThan(PER_SECOND * 5)
  }
}

describe('without the Go example', needsLocalCluster, () => {
  let before: string[]
  let unrelated: unknown
  let others: unknown[]
  let loads: Record<string, Summary>
  let said: string
  const identifyOthers = async () =>
    (await Promise.all([ours, flask].map((each) => listPodsOf(each.namespace, protectedPods))))
      .flat()
      .map(identify)

  beforeAll(async () => {
    before = await listClusterWide()
    unrelated = identify(await findUnrelated())
    others = await identifyOthers()
    loads = await underBothLoads(async () => {
      const { code, said: all } = await tryProgram('tools/deploy/undeploy.ts', 'go')
      said = all
      expect({ code, said }).toMatchObject({ code: 0 })
    })
  }, HOOK_MS)

  test('its Pods are gone, and public clients get 404', async () => {
    expect(await listPodsOf(go.namespace, protectedPods)).toEqual([])
    expect((await ask(go)).outcome).toMatch(/^404/)
  })
  test('no request of the others is lost', () => expectNoLoss('undeploy', loads))
  test('the Pods of the others are the same', async () => {
    expect(others).toHaveLength(2)
    expect(await identifyOthers()).toEqual(others)
  })
  test('the other workload of the namespace is the same, and answers', async () => {
    expect(identify(await findUnrelated())).toEqual(unrelated)
    expect(await readInPlainText()).toBe('Welcome to our blog')
  })
  test('cluster-wide resources stay, and make undeploy says who uses them', async () => {
    expect(await listClusterWide()).toEqual(before)
    expect(componentsInUse).toBe('seccomp')
    expect(said).toMatch(
      /DaemonSet\/seccomp-profiles.* stays, because other applications use them: orders\/orders/,
    )
  })
  test(
    'make deploy brings it back, and no request of the others is lost',
    async () => {
      const again = await underBothLoads(() =>
        runProgram('tools/deploy/deploy.ts', 'go', { COMPONENTS: componentsInUse }),
      )
      expectNoLoss('deploy', again)
      expect((await ask(go)).outcome).toBe('signed')
      expect(await identifyOthers()).toEqual(others)
    },
    HOOK_MS,
  )
})
