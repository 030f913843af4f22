// How messages travel: alone with nothing on its way, otherwise together, and within the limits.
import { describe, expect, test, vi } from 'vitest'
import {
  endPause,
  range,
  signed,
  startCollector,
  startOccupied,
  stopTimers,
  turns,
} from '../../support/services/collector.ts'
import { signatureOf } from '../../support/services/fake-signer.ts'

describe('a message', () => {
  test('goes alone if nothing is on its way', async () => {
    const { signer, ask } = await startCollector()
    for (const message of range(3)) expect(await ask(message)).toEqual(signatureOf(message))
    expect(signer.calls.map(({ path }) => path)).toEqual(['/sign', '/sign', '/sign'])
  })

  test('goes with all that wait, in order, with its request id and trace id', async () => {
    const { client, release, others } = await startOccupied()
    const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', headers: { traceparent: 'x' } }
    const messages = ['ä"\n\u{1f600}', ...range(30)]
    const asked = messages.map((each, index) =>
      client(each, `id-${index}`, index === 7 ? trace : undefined),
    )
    release()
    expect(await Promise.all(asked)).toEqual(messages.map(signatureOf))
    const items = messages.map((message, index) => {
      return { request_id: `id-${index}`, ...(index === 7 && { trace_id: trace.traceId }), message }
    })
    const calls = others().map(({ path, body }) => [path, body])
    expect(calls).toEqual([['/sign/batch', JSON.stringify({ items })]])
    const [{ headers } = { headers: {} }] = others()
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-json-case': 'snake' })
    expect(headers).not.toHaveProperty('traceparent')
  })

  test('goes alone if it is the only one that waits', async () => {
    const { ask, release, others } = await startOccupied()
    const asked = ask('a')
    release()
    expect(await asked).toEqual(signatureOf('a'))
    expect(others().map(({ path }) => path)).toEqual(['/sign'])
  })

  test('goes alone and at once if its request id already waits', async () => {
    const { ask, release, others } = await startOccupied()
    const waiting = ask('a', 'same')
    expect(await ask('b', 'same')).toEqual(signatureOf('b'))
    release()
    expect(await waiting).toEqual(signatureOf('a'))
    expect(others().map(({ path, messages }) => [path, ...messages])).toEqual([
      ['/sign', 'b'],
      ['/sign', 'a'],
    ])
  })

  test('fails alone if it cannot be signed', async () => {
    const { askAll, release } = await startOccupied(({ sign, messages, results }) => {
      const problem = { status: 400, code: 'invalid_request', detail: 'hunter2' }
      sign(results.with(messages.indexOf('m-9'), { request_id: 'm-9', problem }))
    })
    const asked = askAll(range(20))
    release()
    const answers = await asked
    expect(answers[9]).toMatchObject({
      status: 'rejected',
      reason: { code: 'signer_unavailable', message: 'the signer answered 400' },
    })
    expect(answers.toSpliced(9, 1)).toEqual(signed(range(20).toSpliced(9, 1)))
  })
})

describe('after a call with several messages, the next one starts', () => {
  const startSeveral = async () => {
    const started = await startOccupied()
    const asked = started.askAll(range(3))
    started.release()
    expect(await asked).toEqual(signed(range(3)))
    return started
  }

  test('10 ms after it', async () => {
    const { askAll, sizes } = await startSeveral()
    const asked = askAll(['a', 'b'])
    await turns()
    expect(sizes()).toEqual([3])
    vi.advanceTimersByTime(10)
    expect(await asked).toEqual(signed(['a', 'b']))
    expect(sizes()).toEqual([3, 2])
  })

  test('as soon as as many wait as it carried', async () => {
    const { askAll, sizes } = await startSeveral()
    expect(await askAll(['a', 'b', 'c'])).toEqual(signed(['a', 'b', 'c']))
    expect(sizes()).toEqual([3, 3])
  })
})

test('a caller that is alone never waits', async () => {
  stopTimers()
  const { ask } = await startCollector()
  for (const message of range(20)) expect(await ask(message)).toEqual(signatureOf(message))
})

describe('a call takes', () => {
  test('at most 128 messages', async () => {
    const { askAll, release, sizes } = await startOccupied()
    const asked = askAll(range(384))
    release()
    expect(await asked).toEqual(signed(range(384)))
    expect(sizes()).toEqual([128, 128, 128])
  })

  test('at most 128 Ki characters', async () => {
    const { client, release, sizes } = await startOccupied()
    const lengths = [60_000, 60_000, 20_000, 1, 60_000]
    const messages = lengths.map((length, index) => String(index).repeat(length))
    const asked = messages.map((each, index) => client(each, `id-${index}`))
    release()
    expect(await Promise.all(asked)).toEqual(messages.map(signatureOf))
    expect(sizes()).toEqual([2, 3])
  })
})

describe('at most', () => {
  test('1,024 messages wait, and the next one fails at once', async () => {
    const { ask, askAll, release } = await startOccupied()
    const asked = askAll(range(1_024))
    await expect(ask('one more')).rejects.toMatchObject({
      code: 'overloaded',
      message: 'too many messages wait for the signer, try again',
    })
    release()
    expect(await asked).toEqual(signed(range(1_024)))
    endPause()
    expect(await ask('one more')).toEqual(signatureOf('one more'))
  })

  test('4 Mi characters wait', async () => {
    const { client, release } = await startOccupied()
    const message = 'a'.repeat(65_000)
    const askMany = (count: number) =>
      Array.from({ length: count }, (_, index) => client(message, `id-${index}`))
    const asked = askMany(65)
    const last = asked.splice(64)
    await expect(Promise.all(last)).rejects.toMatchObject({ code: 'overloaded' })
    release()
    const right = asked.map(() => signatureOf(message))
    expect(await Promise.all(asked)).toEqual(right)
    expect(await Promise.all(askMany(64))).toEqual(right)
  })
})
