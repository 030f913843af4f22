// With the sync frequency that kubelet has everywhere else, a changed ConfigMap is in the Pod at once if we ask for it.
import { readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { refreshVolumes } from '../../tools/kube/refresh-volumes.ts'
import { confined } from '../../tools/verify/admission/pods.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { locateVolume } from '../../tools/verify/faults/support/volumes.ts'
import { cleanUp } from '../support/clean-up.ts'
import { apply } from '../support/cluster/gateways.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { setSyncFrequency } from './support/kubelet.ts'

const namespace = 'refresh-volumes'
/** Without a request, kubelet needs 60 to 90 s. */
const QUIET_MS = 10_000

describe('a volume of a Pod', needsLocalCluster, () => {
  beforeAll(async () => {
    cleanUp(await setSyncFrequency())
    cleanUp(() => kubectl(['delete', 'namespace', namespace], { timeoutMs: 90_000 }))
    const { nodeImage } = await findTarget()
    await apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      makePod('asked', nodeImage),
      makePod('not-asked', nodeImage),
    )
    await kubectl(['wait', 'pod', '--all', '-n', namespace, '--for=condition=Ready'])
  })

  test('has a new ConfigMap within two seconds if we ask kubelet, and not otherwise', async () => {
    const [asked, other] = await Promise.all(['asked', 'not-asked'].map(locate))
    if (asked === undefined || other === undefined) throw new Error('there is no Pod')
    await kubectl(['create', 'configmap', 'marker', '-n', namespace, '--from-literal=mark=1'])
    const start = Date.now()
    await vi.waitFor(
      async () => {
        await refreshVolumes(['asked'], namespace)
        expect(await readdir(asked)).toContain('mark')
      },
      { timeout: 5_000, interval: 200 },
    )
    console.info(`asked: ${Date.now() - start} ms`)
    expect(Date.now() - start).toBeLessThan(2_000)
    await sleep(QUIET_MS)
    expect(await readdir(other)).not.toContain('mark')
  })
})

function makePod(name: string, image: string): object {
  const container = {
    ...{ name: 'idle', image, command: ['/nodejs/bin/node', '-e', 'setInterval(() => {}, 1e6)'] },
    volumeMounts: [{ name: 'marker', mountPath: '/marker', readOnly: true }],
    ...confined,
  }
  const spec = {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container],
    volumes: [{ name: 'marker', configMap: { name: 'marker', optional: true } }],
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name } },
    spec,
  }
}

async function locate(pod: string): Promise<string> {
  const uid = await kubectl(['get', 'pod', pod, '-n', namespace, '-o', 'jsonpath={.metadata.uid}'])
  return locateVolume({ uid }, 'configmap', 'marker')
}
