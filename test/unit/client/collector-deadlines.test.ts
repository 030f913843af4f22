// Each message has its own deadline, and a call that hangs keeps nobody waiting.

import { setImmediate } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import {
  endPause,
  failed,
  range,
  signed,
  startCollector,
  startOccupied,
  stopTimers,
  turns,
  until,
} from '../../support/services/collector.ts'
import { type FakeCall, signatureOf } from '../../support/services/fake-signer.ts'

const TIMEOUT_MS = 1_000
const SLOW_MS = 100
const late = failed('signer_timeout', 'the signer did not answer in time')

test('one message that runs out of time ends no other of its call', async () => {
  const held: FakeCall[] = []
  const { ask, release } = await startOccupied((call) => void held.push(call), TIMEOUT_MS)
  const first = Promise.allSettled([ask('first')])
  vi.advanceTimersByTime(SLOW_MS - 1)
  const second = ask('second')
  release()
  await until(() => held.length === 1)
  expect(held[0]?.messages).toEqual(['first', 'second'])
  vi.advanceTimersByTime(TIMEOUT_MS - SLOW_MS + 1)
  expect(await first).toEqual([late])
  held[0]?.sign()
  expect(await second).toEqual(signatureOf('second'))
})

test('a call ends with the deadline of its last message', async () => {
  const held: FakeCall[] = []
  const { askAll, release, others } = await startOccupied(
    (call) => void held.push(call),
    TIMEOUT_MS,
  )
  const asked = [askAll(['first'])]
  vi.advanceTimersByTime(SLOW_MS - 1)
  asked.push(askAll(['second']))
  release()
  await until(() => held.length === 1)
  vi.advanceTimersByTime(TIMEOUT_MS - SLOW_MS + 1)
  expect(await asked[0]).toEqual([late])
  expect(others()[0]?.isClosed()).toBe(false)
  vi.advanceTimersByTime(SLOW_MS)
  expect(await asked[1]).toEqual([late])
  await until(() => others()[0]?.isClosed() === true)
})

test('a call that hangs keeps others waiting for 100 ms, and not for longer', async () => {
  const { ask, askAll, first, release, others } = await startOccupied()
  const asked = askAll(range(20))
  vi.advanceTimersByTime(SLOW_MS - 1)
  expect(others()).toEqual([])
  vi.advanceTimersByTime(1)
  expect(await asked).toEqual(signed(range(20)))
  endPause()
  expect(await ask('a')).toEqual(signatureOf('a'))
  release()
  expect(await first).toEqual(signed(['first of all']))
})

test('if all calls hang, there are four more, and the messages that wait fail at their deadline', async () => {
  const { askAll, first, others } = await startOccupied(() => {}, TIMEOUT_MS)
  const asked: Promise<unknown>[] = []
  for (const name of range(9)) {
    asked.push(askAll([`${name}-a`, `${name}-b`]))
    vi.advanceTimersByTime(SLOW_MS)
    await setImmediate()
  }
  await until(() => others().length >= 4)
  vi.advanceTimersByTime(TIMEOUT_MS)
  for (const each of asked) expect(await each).toEqual([late, late])
  expect(await first).toEqual([late])
  expect(others()).toHaveLength(4)
})

test('calls that hung and have ended count no more', async () => {
  stopTimers()
  const held: FakeCall[] = []
  const { askAll } = await startCollector((call) => void held.push(call))
  // More often than calls may hang at once.
  for (const round of range(6)) {
    const asked = [askAll([`${round}-a`])]
    await until(() => held.length === 1)
    asked.push(askAll([`${round}-b`]))
    await turns()
    expect(held).toHaveLength(1)
    vi.advanceTimersByTime(SLOW_MS)
    await until(() => held.length === 2)
    for (const call of held.splice(0)) call.sign()
    await Promise.all(asked)
  }
})
