// The short form of every fault experiment but the longest, within its promised bounds.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shortForm } from '../../tools/verify/faults/experiments.ts'
import { measure } from '../../tools/verify/faults/measure.ts'
import { describeResult } from '../../tools/verify/faults/report.ts'
import { bringUpAttackers, takeAwayAttackers } from '../../tools/verify/faults/support/attackers.ts'
import { ensurePods } from '../../tools/verify/faults/support/pods.ts'
import { needsLocalCluster } from '../support/skips.ts'

// The experiments kill programs on the node, so they need the local cluster.
describe('under load', needsLocalCluster, () => {
  beforeAll(bringUpAttackers)
  afterAll(async () => {
    await takeAwayAttackers()
    await ensurePods(1)
  })

  test.each(shortForm)('$title', async (experiment) => {
    const result = await measure(experiment, process.env.GATEWAY_URL ?? '', true)
    expect(result.broken, describeResult(result)).toEqual([])
  })
})
