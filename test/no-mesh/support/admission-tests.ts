// Tests that the API server refuses another way to the key, the socket and the pairing secret.
import { expect, test } from 'vitest'
import { tryRun } from '../../../tools/cli/exec.ts'
import { keySecret, namespace } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { findJudge } from '../../../tools/verify/admission/attempt.ts'
import { confined, makePod } from '../../../tools/verify/admission/pods.ts'
import type { Deployed } from './deployed.ts'

const besideOthers = (volume: string) => ({
  ...{ name: 'thief', image: 'thief', ...confined },
  volumeMounts: [{ name: volume, mountPath: '/run/stolen', readOnly: true }],
})
const withKey = () =>
  makePod({
    containers: [besideOthers('hmac-key')],
    volumes: [{ name: 'hmac-key', secret: { secretName: keySecret } }],
  })
const withNode = () =>
  makePod({
    containers: [besideOthers('node')],
    volumes: [{ name: 'node', hostPath: { path: '/var/lib/kubelet/pods' } }],
  })

/** A copy of the running Pod, with more containers. */
function copyPod({ pod, spec }: Deployed, more: readonly object[]): Resource {
  const { labels, annotations } = pod.metadata
  const { nodeName: _, containers, ...rest } = spec
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      name: 'admission-test',
      namespace,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    },
    spec: { ...rest, containers: [...containers, ...more] },
  }
}

/** Returns which policy refuses the Pod. */
async function findRefusal(pod: Resource): Promise<string> {
  const args = ['create', '--dry-run=server', '-f', '-']
  const { stderr } = await tryRun('kubectl', args, { input: JSON.stringify(pod) })
  return findJudge(stderr)
}

export function testAdmission(read: () => Deployed): void {
  test('a copy of the Pod is accepted, so a refusal has its reason', async () => {
    expect(await findRefusal(copyPod(read(), []))).toBe('nobody')
  })

  test.each([
    ['a second Pod with the key', withKey, 'key-stays-in-signer'],
    ["a Pod with the node's folder of volumes", withNode, 'Pod Security'],
  ] as const)('%s is refused', async (_, make, judge) => {
    expect(await findRefusal(make())).toBe(judge)
  })

  test.each([
    ['hmac-key', 'key-stays-in-signer'],
    ['signer-socket', 'no-way-around-proxy'],
    ['pairing', 'no-way-around-proxy'],
  ])('a third container with the volume %s is refused', async (volume, judge) => {
    expect(await findRefusal(copyPod(read(), [besideOthers(volume)]))).toBe(judge)
  })

  test('a command in the container of the signer is refused', async () => {
    const exec = ['exec', '-n', namespace, read().pod.metadata.name, '-c', 'signer', '--']
    const { code, stderr } = await tryRun('kubectl', [...exec, '/nodejs/bin/node', '--version'])
    expect({ code, judge: findJudge(stderr) }).toEqual({ code: 1, judge: 'no-way-into-signer' })
  })
}
