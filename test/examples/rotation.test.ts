// make rotate-key CONFIG=examples/flask/signing.yaml under load: every request gets a signature of the old or the new key.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { needsLocalCluster } from '../support/skips.ts'
import { applications, runProgram } from './support/applications.ts'
import { ask, readKeysOf, underLoadOf } from './support/signed-requests.ts'

const PER_SECOND = 80
const REQUESTS = 10_000
const OVERLAP_SECONDS = 20
const TEST_MS = 400_000
const { flask } = applications
const rotate = () =>
  runProgram('tools/deploy/rotate-key.ts', 'flask', { OVERLAP: `${OVERLAP_SECONDS}s` })

test(`a rotation of the Flask example's key fails none of ${REQUESTS} requests`, {
  ...needsLocalCluster,
  timeout: TEST_MS,
}, async () => {
  const before = [...(await readKeysOf(flask)).keys()]
  const others = await readKeysOf(applications.ours)
  const start = Date.now()
  const summary = await underLoadOf(flask, PER_SECOND, async () => {
    expect(await rotate()).toContain(`Signatures made with ${before.at(-1)} verify until`)
    await sleep(OVERLAP_SECONDS * 1_000)
    expect(await rotate()).toMatch(/retired|dropped|removed/)
    const due = start + (REQUESTS / PER_SECOND) * 1_100
    await sleep(Math.max(0, due - Date.now()))
  })
  const { requests, perSecond, failed, how, longestGapMs } = summary
  console.info(
    `rotation: ${requests} requests, ${perSecond.toFixed(0)}/s, ${failed} failed, longest gap ${longestGapMs} ms`,
  )
  expect({ failed, how }).toEqual({ failed: 0, how: {} })
  expect(requests).toBeGreaterThanOrEqual(REQUESTS)
  const after = [...(await readKeysOf(flask)).keys()]
  expect(after).toHaveLength(1)
  expect(before).not.toContain(after[0])
  expect((await ask(flask, 'after')).signed?.keyId).toBe(after[0])
  expect(await readKeysOf(applications.ours)).toEqual(others)
})
