// Under their seccomp profiles the containers work, and native code in them can do nothing else.
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { podStates } from '../../tools/deploy/apply/pod-start-error.ts'
import { readKeys } from '../../tools/deploy/keys/hmac-key.ts'
import { makeKey } from '../../tools/deploy/keys/key-forms.ts'
import { kubectl, kubectlJson } from '../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../tools/kube/names.ts'
import { STATE } from '../../tools/local-cluster/paths.ts'
import { callIn } from '../../tools/verify/attack/containers.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { saveSecret, writeEntries } from '../../tools/verify/faults/support/key-secret.ts'
import { findPod, restartPods } from '../../tools/verify/faults/support/pods.ts'
import { deploy } from '../support/cluster/deployment.ts'
import { underLoad, waitForKeys } from '../support/cluster/signing.ts'
import { describeStartError } from '../support/cluster/start-error.ts'
import { makeFolder } from '../support/folder.ts'
import { readProfileFiles } from '../support/services/seccomp-profiles.ts'
import { buildAttempts, letThrough, listLetThrough } from '../support/system-calls/attempts.ts'
import { attemptIn } from '../support/system-calls/in-container.ts'

const REFUSAL_MS = 60_000
const restart = ['rollout', 'restart', `deployment/${deployment}`, '-n', namespace]

/** Lists what native code in a container is let through. */
async function listIn(container: string): Promise<string[]> {
  const { containers } = await findPod()
  const program = await buildAttempts(await makeFolder())
  return listLetThrough(await attemptIn(containers[container]?.id ?? '', program))
}

test.each(['frontend', 'signer'] as const)(
  'native code in the %s is refused all else',
  async (room) => {
    expect(await listIn(room)).toEqual(letThrough[room])
  },
)

test('native code in the proxy, which has the profile of the runtime, is let through more', async () => {
  expect(await listIn('istio-proxy')).toEqual(
    expect.arrayContaining(['fork', 'memfd_create', 'socketpair', 'kill']),
  )
})

test('names are looked up, and workers started', async () => {
  const { frontend } = await findTarget()
  const found = await callIn<string[]>(
    frontend,
    'test/confinement/support/lookup.ts',
    'lookUp',
    'istiod.istio-system.svc.cluster.local',
  )
  expect(found).toEqual([
    expect.stringMatching(/^10\./),
    expect.stringMatching(/^10\./),
    'a worker',
  ])
})

test('keys come and go under load, and Pods are replaced, and no request is lost', async () => {
  const putBack = await saveSecret()
  const keys = await readKeys()
  const entries = {
    ...Object.fromEntries(keys),
    other: Buffer.from(makeKey()),
    primary: Buffer.from('other'),
  }
  const all = new Map(keys).set('other', entries.other)
  try {
    const summary = await underLoad('rotated and restarted', all, async () => {
      await writeEntries(entries)
      await waitForKeys({ every: 'signs with', id: 'other' })
      await restartPods()
    })
    expect(summary).toMatchObject({ failed: 0 })
  } finally {
    await putBack()
    await waitForKeys({ every: 'has dropped', id: 'other' })
  }
})

test('a Pod without its profile on the node is reported, and starts when the profile is there', async () => {
  const folder = join(STATE, 'kubelet/seccomp/secure-signing')
  const files = Object.keys(readProfileFiles()).map((name) => join(folder, name))
  try {
    await kubectl(['delete', 'daemonset', 'seccomp-profiles', '-n', 'seccomp-profiles', '--wait'])
    for (const file of files) await rename(file, `${file}.away`)
    await kubectl(restart)
    const args = ['get', 'pods', '-n', namespace, '-l', `app=${deployment}`, '-o', 'json']
    const hindrance = await waitFor(
      async () => describeStartError((await kubectlJson(podStates, args)).items),
      REFUSAL_MS,
      () => 'the Pod has started without its profile',
    )
    expect(hindrance.message).toMatch(/^the node mesh-node does not have the seccomp profile of/)
    expect(hindrance.todo).toContain('kubectl get pods -n seccomp-profiles')
  } finally {
    // The DaemonSet writes the profiles again, and the Pod becomes ready.
    await deploy({ COMPONENTS: 'seccomp' })
    for (const file of files) await rm(`${file}.away`, { force: true })
  }
})
