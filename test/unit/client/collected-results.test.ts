// Nobody gets the signature of another message. If one result of a call is not as asked, the whole call fails.
import { describe, expect, test } from 'vitest'
import { endPause, failed, range, signed, startOccupied } from '../../support/services/collector.ts'
import { type Result, signatureOf } from '../../support/services/fake-signer.ts'

const messages = range(20)
const swap = (results: Result[], names: readonly string[]) => {
  const [first = {}, second = {}, ...others] = results
  const take = (from: Result) => Object.fromEntries(names.map((name) => [name, from[name]]))
  return [{ ...first, ...take(second) }, { ...second, ...take(first) }, ...others]
}
const change = (changed: Result) => (results: Result[]) =>
  results.with(5, { ...results[5], ...changed })
const without = (name: string) => (results: Result[]) =>
  results.with(
    5,
    Object.fromEntries(Object.entries(results[5] ?? {}).filter(([key]) => key !== name)),
  )

const wrong: Record<string, (results: Result[]) => unknown> = {
  'the results in another order': (results) => results.toReversed(),
  'two results in each other’s place': ([first, second, ...others]) => [second, first, ...others],
  'two ids swapped': (results) => swap(results, ['request_id']),
  'one left out': (results) => results.toSpliced(5, 1),
  'the last one left out': (results) => results.slice(0, -1),
  'the first one left out, and one more': ([, ...others]) => [...others, ...others.slice(-1)],
  none: () => [],
  'an extra one': (results) => [...results, { ...signatureOf('a'), request_id: 'a' }],
  'one twice': (results) => results.with(6, results[5] as Result),
  'an id twice': (results) => change({ request_id: results[6]?.request_id })(results),
  'results of another call': (results) =>
    results.map((each) => ({ ...each, request_id: `x${each.request_id}` })),
  'one without an id': without('request_id'),
  'an id that is a list': (results) => change({ request_id: [results[5]?.request_id] })(results),
  'one without a signature': without('signature'),
  'one without a key': without('key_id'),
  'one without an algorithm': without('algorithm'),
  'a signature and a problem': change({ problem: { status: 400 } }),
  'a problem that is text': (results) => results.with(5, { request_id: 'm-5', problem: 'no' }),
  'a problem with a status of 200': (results) =>
    results.with(5, { request_id: 'm-5', problem: { status: 200 } }),
  'an upper-case signature': change({ signature: 'AB'.repeat(32) }),
  'a long signature': change({ signature: 'ab'.repeat(33) }),
  'a signature that is a list': change({ signature: ['ab'.repeat(32)] }),
  'a key that is a number': change({ key_id: 1 }),
  'a key with a space': change({ key_id: 'a b' }),
  'another algorithm': change({ algorithm: 'none' }),
  'a result that is null': (results) => [...results.slice(1), null],
  'an object for the list': (results) => ({ ...results, length: results.length }),
}

describe('a whole call fails if the signer answers with', () => {
  const texts: [string, (results: Result[]) => string][] = [
    ...Object.entries(wrong).map(([name, alter]): [string, (results: Result[]) => string] => [
      name,
      (results) => JSON.stringify({ results: alter(results) }),
    ]),
    ['half of the JSON', (results) => JSON.stringify({ results }).slice(0, 900)],
    ['no JSON', () => '<html>hunter2'],
    ['nothing', () => ''],
    ['null', () => 'null'],
    ['the form of one message', () => JSON.stringify(signatureOf('m-0'))],
    ['too many bytes', (results) => JSON.stringify({ results, filler: 'a'.repeat(100_000) })],
  ]

  test.each(texts)('%s', async (_, write) => {
    let altered = false
    const { askAll, release, first } = await startOccupied(({ answer, sign, results }) => {
      if (altered) return sign()
      altered = true
      answer(200, write(results))
    })
    const asked = askAll(messages)
    release()
    const unavailable = failed('signer_unavailable', 'the signer sent an invalid answer')
    expect(await asked).toEqual(messages.map(() => unavailable))
    // Those before and after are signed.
    expect(await first).toEqual(signed(['first of all']))
    endPause()
    expect(await askAll(messages)).toEqual(signed(messages))
  })
})

test('a result may have fields of a later version', async () => {
  const { askAll, release } = await startOccupied(({ sign, results }) =>
    sign(results.map((each) => ({ ...each, later: 1 }))),
  )
  const asked = askAll(messages)
  release()
  expect(await asked).toMatchObject(signed(messages))
})
