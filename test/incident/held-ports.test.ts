// Code in the frontend's container holds every port from which its Pod can reach istiod. The proxy of the Pod shares these
// ports, so it receives no policy after its connection ends. A freeze does not need the proxy.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { findTarget, type Target } from '../../tools/verify/attack/target.ts'
import { ROLLOUT_MS } from '../../tools/verify/faults/support/timeouts.ts'
import { deleteResources } from '../support/attack/deletions.ts'
import { cleanUp } from '../support/clean-up.ts'
import { waitForLine } from '../support/cluster/container-log.ts'
import { startIn } from '../support/compromise/in-frontend.ts'
import { expectLast, expectLogged, freeze, thaw } from '../support/freeze/freeze.ts'
import { needsLocalCluster } from '../support/skips.ts'
import type { Held, HoldOrder } from './support/attackers/hold-ports.ts'
import { findLast, type Signing, startSigning, sumSigned } from './support/sign-from-frontend.ts'

const holder = join(import.meta.dirname, 'support/attackers/hold-ports.ts')
/** A process may have 20,000 files open. Linux gives out 28,232 ports. */
const HOLDERS = 2
const MOST = 14_300
const ENOUGH = 27_000
const WATCH_MS = 10_000
const PER_CHECK_MS = 2_000

describe('code in the frontend that holds the ports of its Pod', needsLocalCluster, () => {
  let target: Target
  let signing: Signing
  beforeAll(async () => {
    target = await findTarget()
    const start = new Date()
    cleanUp(() => waitForLine('istio-proxy', /connected to .*upstream XDS server/, start))
    const held = await holdPorts(target)
    console.info(`holds ${held} ports`)
    expect(held).toBeGreaterThan(ENOUGH)
    await restartIstiod()
    signing = await startSigning(target.frontend, [{ kind: 'busy', connections: 8, count: 1 }])
    cleanUp(signing.stop)
  })

  test('keeps a deleted policy from the proxy, and signs on', async () => {
    cleanUp(await deleteResources(['AuthorizationPolicy/signer-allow-caller']))
    await sleep(WATCH_MS)
    await signing.report()
    await sleep(PER_CHECK_MS)
    const later = await signing.report()
    console.info(`signed after ${WATCH_MS} ms: ${JSON.stringify(later)}`)
    expect(sumSigned(later)).toBeGreaterThan(100)
    expect(later[0]?.ends).toEqual({ signed: sumSigned(later) })
  })

  test('gets no signature after a freeze', async () => {
    try {
      const frozen = await freeze('with held ports')
      expectLast('with held ports', frozen, findLast(await signing.report()))
      await sleep(PER_CHECK_MS)
      expect(sumSigned(await signing.report())).toBe(0)
      await expectLogged('with held ports', frozen, target.uid)
    } finally {
      await thaw()
    }
    await sleep(PER_CHECK_MS)
    expect(sumSigned(await signing.report())).toBeGreaterThan(100)
  })
})

async function holdPorts({ frontend }: Target): Promise<number> {
  const get = ['get', 'service', 'istiod', '-n', 'istio-system', '-o', 'jsonpath={.spec.clusterIP}']
  const order: HoldOrder = { host: await kubectl(get), port: 15012, most: MOST }
  let sum = 0
  for (let index = 0; index < HOLDERS; index++) {
    const { read, stop } = await startIn(frontend, holder, order)
    cleanUp(stop)
    sum += (await read<Held>()).held
  }
  return sum
}

async function restartIstiod(): Promise<void> {
  const inSystem = ['-n', 'istio-system']
  await kubectl(['delete', 'pod', ...inSystem, '-l', 'app=istiod'], { timeoutMs: ROLLOUT_MS })
  const status = ['rollout', 'status', 'deployment/istiod', ...inSystem]
  await kubectl(status, { timeoutMs: ROLLOUT_MS })
}
