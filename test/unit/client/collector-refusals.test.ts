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
