// Code in the frontend's container gets as many signatures as the component limits allows, and no more. Good requests lose nothing.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { readAuditFiles } from '../../tools/verify/attack/audit-files.ts'
import { isSigned } from '../../tools/verify/attack/audited-requests.ts'
import { readCounter } from '../../tools/verify/attack/counters.ts'
import { findTarget, type Target } from '../../tools/verify/attack/target.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { startLoad } from '../../tools/verify/faults/load/start-load.ts'
import { summarize } from '../../tools/verify/faults/summarize.ts'
import { cleanUp } from '../support/clean-up.ts'
import { deploy } from '../support/cluster/deployment.ts'
import { startIn } from '../support/compromise/in-frontend.ts'
import { listLimits } from '../support/limits.ts'
import { needsLocalCluster } from '../support/skips.ts'
import type { Flood, Flooded, FloodOrder } from './support/attackers/flood.ts'

const file = join(import.meta.dirname, 'support/attackers/flood.ts')
const SECONDS = 60
const CONNECTIONS = 24
/** An attacker gets at least this share of what the limits allow. Otherwise the flood would prove nothing. */
const CLOSE = 0.98
const FILL_MS = 6_000
const READ_MS = 30_000

let target: Target
/** The figures of the signer that runs. */
let [perSecond, burst, verifications] = [0, 0, 0]

/** Returns what the signer has signed: by its counter, and by the audit log in the files of the node. */
async function readSigned() {
  const counted = await readCounter(target, 'signer_signatures_total', '')
  const containers = await waitFor(
    () => readAuditFiles(target.uid),
    READ_MS,
    () => 'kubelet rotates the audit log all the time',
  )
  const last = containers.at(-1) ?? []
  const recorded = last.filter(isSigned).reduce((sum, { count }) => sum + (count ?? 0), 0)
  return { counted, recorded }
}

async function flood(...floods: Flood[]): Promise<Flooded> {
  await sleep(FILL_MS)
  const order: FloodOrder = { floods, connections: CONNECTIONS, seconds: SECONDS }
  const { read, stop } = await startIn(target.frontend, file, order)
  const result = await read<Flooded>()
  await stop()
  return result
}

describe('with the component limits', needsLocalCluster, () => {
  beforeAll(async () => {
    cleanUp(() => deploy({ COMPONENTS: '' }))
    await deploy({ COMPONENTS: 'limits' })
    target = await findTarget()
    const pod = parse(
      await kubectl(['get', 'pod', target.frontend.pod, '-n', namespace, '-o', 'yaml']),
    )
    const [rate, most, , verified] = listLimits(pod.spec.containers).map(Number)
    ;[perSecond, burst, verifications] = [rate ?? 0, most ?? 0, verified ?? 0]
    expect(perSecond * burst * verifications).toBeGreaterThan(0)
  })

  test.each<[string, Flood[]]>([
    ['/sign', ['single']],
    ['/sign/batch', ['messages', 'items']],
    ['all of them', ['single', 'messages', 'items', 'verify']],
  ])('a flood of %s gets the burst and the rate, to the message', async (_, floods) => {
    const before = await readSigned()
    const { signed, seconds, ends } = await flood(...floods)
    const after = await readSigned()
    const allowed = burst + perSecond * seconds
    console.log({ floods, signed, allowed, seconds, ends })
    expect(signed).toBeLessThanOrEqual(allowed)
    expect(signed).toBeGreaterThan(CLOSE * allowed)
    expect(after.counted - before.counted).toBe(signed)
    expect(after.recorded - before.recorded).toBe(signed)
    // 503: too many large batches at once. Every other end would leave signatures that are not counted here.
    expect(Object.keys(ends).filter((end) => !['200', '429', '503'].includes(end))).toEqual([])
    expect(ends['429']).toBeGreaterThan(0)
  })

  test('a flood of /verify has a limit of its own', async () => {
    const { verified, seconds } = await flood('verify')
    const allowed = verifications * (1 + seconds)
    expect(verified).toBeLessThanOrEqual(allowed)
    expect(verified).toBeGreaterThan(CLOSE * allowed)
  })

  test('as many good requests a second as the limit allows lose none', async () => {
    await sleep(FILL_MS)
    const start = Date.now()
    const spec = { kind: 'public', url: process.env.GATEWAY_URL ?? '' } as const
    const load = await startLoad({ spec, perSecond })
    await sleep(SECONDS * 1_000)
    const { requests, how, perSecond: sent } = summarize(await load.stop(), start)
    console.log({ requests, sent, how })
    expect(how).toEqual({})
    expect(sent).toBeGreaterThan(CLOSE * perSecond)
  })
})
