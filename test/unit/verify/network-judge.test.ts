// How the judge of network policies tries connections, and compares what it has seen.
import { expect, test } from 'vitest'
import {
  type Attempt,
  judgeConnections,
  measure,
} from '../../support/mutations/live/network-attempts.ts'

const connections = (...open: string[]) =>
  new Map(['a → b', 'b → a'].map((name) => [name, open.includes(name)]))

test.each([
  ['opens', ['b → a'], ['a → b'], 'a → b: refused → connected'],
  ['opens', [], ['a → b', 'b → a'], 'a → b: refused → connected, and 1 more'],
  ['breaks', ['a → b', 'b → a'], ['a → b'], 'b → a: connected → refused'],
  ['nothing', ['a → b'], ['a → b'], 'every connection is as before'],
])('%s: from %j to %j', (wanted, before, after, evidence) => {
  const verdict = judgeConnections(connections(...before), connections(...after))
  expect(verdict).toEqual({ class: wanted, evidence })
})

/** A connection that opens at the try with this number. */
function makeAttempt(opensAt: number): { attempt: Attempt; countTries: () => number } {
  let tries = 0
  const from = {
    ...{ name: 'a', address: '' },
    tryAll: async () => {
      tries += 1
      return [tries >= opensAt]
    },
  }
  const place = { protocol: 'TCP', host: '', port: 1 } as const
  return { attempt: { from, to: 'b', place }, countTries: () => tries }
}

test.each([
  ['one that should open is tried three times', 3, connections('a → b'), true, 3],
  ['one that was refused is tried once', 2, connections(), false, 1],
  ['one of the first measurement is tried twice', 2, undefined, true, 2],
])('%s', async (_, opensAt, expected, isOpen, tries) => {
  const { attempt, countTries } = makeAttempt(opensAt)
  const found = await measure([attempt], expected)
  expect(found).toEqual(new Map([['a → b', isOpen]]))
  expect(countTries()).toBe(tries)
})
