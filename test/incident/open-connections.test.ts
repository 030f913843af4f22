// Code in the frontend's container has every kind of connection open when a freeze comes. Public clients send requests, too.
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readKeys } from '../../tools/deploy/keys/hmac-key.ts'
import { findTarget, type Target } from '../../tools/verify/attack/target.ts'
import { startLoad } from '../../tools/verify/faults/load/start-load.ts'
import { checkSignatures } from '../../tools/verify/faults/summarize.ts'
import { countRestarts } from '../../tools/verify/faults/support/pods.ts'
import { WARM_UP_MS } from '../../tools/verify/faults/support/timeouts.ts'
import { deleteResources } from '../support/attack/deletions.ts'
import { cleanUp } from '../support/clean-up.ts'
import { expectLast, expectLogged, freeze, thaw } from '../support/freeze/freeze.ts'
import { expectServedAround } from '../support/freeze/samples.ts'
import { needsLocalCluster } from '../support/skips.ts'
import type { SignOrder } from './support/attackers/sign.ts'
import { findLast, type Signing, startSigning, sumSigned } from './support/sign-from-frontend.ts'

const busy: SignOrder[] = [
  { kind: 'busy', connections: 24, count: 1 },
  { kind: 'pipelined', connections: 2, count: 1 },
  { kind: 'http2', connections: 1, count: 10 },
]
const waiting: SignOrder[] = [
  { kind: 'idle', connections: 301, count: 1_000 },
  { kind: 'slow', connections: 20, count: 1_000 },
]
/** A deleted policy reaches the proxy within seconds. Connections without a request sign for longer. */
const AFTER_POLICY_MS = 20_000
/** The signer waits this long for the rest of a request. */
const SLOW_MS = 8_000
const PER_SECOND = 200

describe('code in the frontend with open connections', needsLocalCluster, () => {
  let target: Target
  let signing: Signing
  beforeAll(async () => {
    target = await findTarget()
  })
  beforeEach(async () => {
    signing = await startSigning(target.frontend, [...busy, ...waiting])
    cleanUp(signing.stop)
  })

  test('signs on for 20 s after a policy was deleted, over connections that were idle', async () => {
    cleanUp(await deleteResources(['AuthorizationPolicy/signer-allow-caller']))
    await sleep(AFTER_POLICY_MS)
    const [, , , idle] = await signing.go()
    console.info(`after the policy was deleted: ${JSON.stringify(idle)}`)
    expect(idle?.signed).toBeGreaterThan(100_000)
  })

  test('gets no signature after a freeze, and all clients are served after it', async () => {
    const restarts = await countRestarts()
    const url = process.env.GATEWAY_URL ?? ''
    const load = await startLoad({ spec: { kind: 'public', url }, perSecond: PER_SECOND })
    cleanUp(load.stop)
    await sleep(WARM_UP_MS)
    expect(sumSigned(await signing.report())).toBeGreaterThan(500)

    let thawed = { start: 0, end: 0 }
    try {
      const frozen = await freeze('under load')
      const before = await signing.report()
      for (const [index, { kind }] of busy.entries()) {
        expectLast(kind, frozen, before[index]?.lastAt ?? 0)
      }
      await sleep(SLOW_MS - (Date.now() - frozen.start))
      const after = await signing.go()
      console.info(`after the freeze: ${JSON.stringify(after)}`)
      expect(sumSigned(after)).toBe(0)
      expect(after.map(({ ends }) => ends.frozen ?? 0)).not.toContain(0)
      await expectLogged('under load', frozen, target.uid)
      thawed = await thaw()
      await sleep(WARM_UP_MS)
      expect(findLast(await signing.report())).toBeGreaterThan(thawed.start)
      const samples = checkSignatures(await load.stop(), await readKeys())
      expectServedAround(samples, frozen, thawed)
    } finally {
      if (thawed.end === 0) await thaw()
    }
    expect(await countRestarts()).toBe(restarts)
    // The same Pod is ready.
    expect((await findTarget()).uid).toBe(target.uid)
  })
})
