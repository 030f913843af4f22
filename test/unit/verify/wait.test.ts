// Polling ends with a call that begins after the time limit.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { waitFor } from '../../../tools/verify/attack/wait.ts'

test('a first call that takes all of the time is not the last one', async () => {
  let calls = 0
  const ask = async () => {
    calls += 1
    if (calls > 1) return 'found'
    await sleep(20)
    return undefined
  }
  expect(await waitFor(ask, 10, () => 'nothing')).toBe('found')
})

test('without an answer it throws the complaint', async () => {
  await expect(
    waitFor(
      async () => undefined,
      0,
      () => 'nothing',
    ),
  ).rejects.toThrow('nothing')
})
