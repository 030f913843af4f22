// Proxies as ordinary containers, as on nodes before Kubernetes 1.33. Such a proxy gets SIGTERM together with the containers. It
// must serve until a slow istiod has told the gateway.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { measurePlan } from '../../tools/verify/faults/capacity.ts'
import { rollingRestart } from '../../tools/verify/faults/experiments/rolling-restart.ts'
import { measure } from '../../tools/verify/faults/measure.ts'
import { describeResult } from '../../tools/verify/faults/report.ts'
import { bringUpAttackers, takeAwayAttackers } from '../../tools/verify/faults/support/attackers.ts'
import { ensurePods, restartPods } from '../../tools/verify/faults/support/pods.ts'
import { setIstiodVariables } from '../support/cluster/istiod-settings.ts'
import { needsLocalCluster } from '../support/skips.ts'

/** istiod tells the gateway of a Pod that ends after 6 to 14 s. By default, such a proxy ends after 5 s. */
const slow = { PILOT_DEBOUNCE_AFTER: '6s', PILOT_DEBOUNCE_MAX: '8s' }

describe('with proxies as ordinary containers and a slow istiod', needsLocalCluster, () => {
  let restore: () => Promise<void>

  beforeAll(async () => {
    restore = await setIstiodVariables({ ENABLE_NATIVE_SIDECARS: 'false', ...slow })
    await restartPods()
    await bringUpAttackers()
  })
  afterAll(async () => {
    await takeAwayAttackers()
    await ensurePods(1)
    await restore()
    await restartPods()
  })

  test('the proxy is an ordinary container', async () => {
    const pods = ['get', 'pods', '-n', namespace, '-o', 'jsonpath={..containers[*].name}']
    expect((await kubectl(pods)).split(' ')).toContain('istio-proxy')
  })

  test('rolling restarts lose no request', async () => {
    // A small load, because this is about where requests go.
    const experiment = { ...rollingRestart, perSecond: 50 }
    const gatewayUrl = process.env.GATEWAY_URL ?? ''
    const plan = await measurePlan(gatewayUrl)
    const result = await measure(experiment, { gatewayUrl, isShort: true, plan })
    const { broken, unjudged } = result
    expect({ broken, unjudged }, describeResult(result)).toEqual({ broken: [], unjudged: [] })
  })
})
