// What the answer to a whole call means for its messages. A signer of a version before knows no call for several callers.
import { describe, expect, test, vi } from 'vitest'
import { endPause, failed, range, signed, startOccupied } from '../../support/services/collector.ts'
import { signatureOf } from '../../support/services/fake-signer.ts'

const messages = range(20)
const oneByOne = messages.map(() => 1)

describe('a call that the signer or a proxy does not know or allow', () => {
  test.each([400, 403, 404, 405, 413])(
    'with %i: each message goes alone, and for a minute all do',
    async (status) => {
      let isOld = true
      const { askAll, release, others, sizes } = await startOccupied(({ path, sign, answer }) => {
        if (isOld && path !== '/sign') answer(status, '{}')
        else sign()
      })
      const asked = askAll(messages)
      release()
      expect(await asked).toEqual(signed(messages))
      expect(sizes()).toEqual([20, ...oneByOne])
      isOld = false
      vi.advanceTimersByTime(59_999)
      expect(await askAll(messages)).toEqual(signed(messages))
      expect(sizes()).toEqual([20, ...oneByOne, ...oneByOne])
      vi.advanceTimersByTime(1)
      expect(await askAll(messages)).toEqual(signed(messages))
      expect(others().at(-1)?.path).toBe('/sign/batch')
    },
  )

  test('those that waited behind it go alone, too', async () => {
    const { askAll, release, sizes } = await startOccupied(({ path, sign, answer }) => {
      if (path === '/sign') sign()
      else answer(400, '{}')
    })
    const asked = askAll(range(256))
    release()
    expect(await asked).toEqual(signed(range(256)))
    expect(sizes().filter((size) => size > 1)).toEqual([128])
    expect(sizes().filter((size) => size === 1)).toHaveLength(256)
  })
})

describe('a limit or a freeze', () => {
  const limit = { status: 429, code: 'rate_limited', retry_after: 7 }
  const limited = failed('rate_limited', expect.stringContaining('Retry-After'))
  const frozen = failed('frozen', 'the signer is frozen')

  test('refuses a message alone, and the next ones share calls as before', async () => {
    const { askAll, release, sizes } = await startOccupied(({ results, sign }) => {
      sign(
        results.map((each, index) =>
          index < 12 ? each : { request_id: each.request_id, problem: limit },
        ),
      )
    })
    const asked = askAll(messages)
    release()
    const answers = [...signed(messages.slice(0, 12)), ...messages.slice(12).map(() => limited)]
    expect(await asked).toEqual(answers)
    endPause()
    const again = askAll(messages)
    endPause()
    expect(await again).toEqual(answers)
    expect(sizes()).toEqual([20, 20])
  })

  test.each([
    [429, limit, limited],
    [503, { status: 503, code: 'frozen' }, frozen],
  ])(
    'of a whole call (%i) is the answer to each message, and none goes alone',
    async (status, problem, expected) => {
      const { askAll, release, sizes } = await startOccupied(({ answer }) =>
        answer(status, JSON.stringify(problem)),
      )
      const asked = askAll(messages)
      release()
      expect(await asked).toEqual(messages.map(() => expected))
      expect(sizes()).toEqual([20])
    },
  )
})

describe('every other answer is the answer to each message', () => {
  test.each([401, 429, 500, 502, 503, 301])('%i', async (status) => {
    let isRefused = true
    const { ask, askAll, release, sizes } = await startOccupied(({ sign, answer }) => {
      if (isRefused) answer(status, '{"code":"hunter2"}')
      else sign()
    })
    const asked = askAll(messages)
    release()
    const unavailable = failed('signer_unavailable', `the signer answered ${status}`)
    expect(await asked).toEqual(messages.map(() => unavailable))
    expect(sizes()).toEqual([20])
    isRefused = false
    endPause()
    expect(await ask('a')).toEqual(signatureOf('a'))
  })

  test('a connection that breaks', async () => {
    const { askAll, release, sizes } = await startOccupied(({ breakOff }) => breakOff())
    const asked = askAll(messages)
    release()
    expect(await asked).toEqual(messages.map(() => failed('signer_unavailable')))
    expect(sizes()).toEqual([20])
  })
})
