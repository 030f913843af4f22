// The short form of every fault experiment but the longest, within its promised bounds.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { measurePlan } from '../../tools/verify/faults/capacity.ts'
import { shortForm } from '../../tools/verify/faults/experiments.ts'
import { describePlan, type Plan } from '../../tools/verify/faults/plan.ts'
import { measureWithRepeats } from '../../tools/verify/faults/repeat.ts'
import { describeResult } from '../../tools/verify/faults/report.ts'
import { bringUpAttackers, takeAwayAttackers } from '../../tools/verify/faults/support/attackers.ts'
import { ensurePods } from '../../tools/verify/faults/support/pods.ts'
import { needsLocalCluster } from '../support/skips.ts'

const gatewayUrl = process.env.GATEWAY_URL ?? ''

// The experiments kill programs on the node, so they need the local cluster.
describe('under load', needsLocalCluster, () => {
  let plan: Plan

  beforeAll(async () => {
    plan = await measurePlan(gatewayUrl)
    console.info(describePlan(plan))
    await bringUpAttackers()
  })
  afterAll(async () => {
    await takeAwayAttackers()
    await ensurePods(1)
  })

  test.each(shortForm)('$title', async (experiment) => {
    const result = await measureWithRepeats(experiment, { gatewayUrl, isShort: true, plan })
    const { broken, unjudged } = result
    expect({ broken, unjudged }, describeResult(result)).toEqual({ broken: [], unjudged: [] })
  })
})
