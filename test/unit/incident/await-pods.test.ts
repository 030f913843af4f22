// Who confirms, who is waited for, and who is named, on a simulated cluster with a simulated clock.
import { expect, test } from 'vitest'
import { awaitPods } from '../../../tools/incident/freeze/await-pods.ts'
import { readStateLine, type SignerState } from '../../../tools/incident/freeze/signer-log.ts'
import type { SigningPod } from '../../../tools/incident/freeze/signing-pods.ts'

const frozen: SignerState = { event: 'frozen', mark: 'now' }
const running = { node: 'n', isTerminating: false, hasMarker: true, hasEnded: false }
const pod = (name: string, more: Partial<SigningPod> = {}): SigningPod => ({
  ...{ name, uid: name, stopped: undefined, ...running, ...more },
})

/** `lists`: the Pods at each look, the last one for good. `confirms`: after how many milliseconds a Pod's log says so. */
async function simulate(
  lists: SigningPod[][],
  confirms: Record<string, number>,
  state: SignerState = frozen,
) {
  let [time, looks] = [0, 0]
  const asked: string[][] = []
  const [ended, done, waiting] = [[] as string[], [] as string[], new Map<string, () => void>()]
  const open = await awaitPods({
    listPods: async () => lists[Math.min(looks++, lists.length - 1)] ?? [],
    follow({ name }, onState) {
      waiting.set(name, () => onState(state))
      return () => void waiting.delete(name)
    },
    isWanted: ({ event, mark }) => event === 'frozen' && mark === 'now',
    ask: async (pods) => void asked.push(pods.map(({ name }) => name)),
    end: async ({ name }) => void ended.push(name),
    onDone: ({ name }, how) => void done.push(`${name} ${how}`),
    now: () => time,
    async sleep(ms) {
      time += ms
      for (const [name, confirm] of waiting) if (time >= (confirms[name] ?? Infinity)) confirm()
    },
  })
  return { open: open.map(({ name }) => name), asked, ended, done, time, followed: waiting.size }
}

test('ends as soon as all have confirmed', async () => {
  const result = await simulate([[pod('a'), pod('b')]], { a: 100, b: 400 })
  expect(result).toMatchObject({ open: [], done: ['a confirmed', 'b confirmed'], time: 400 })
  expect(result.followed).toBe(0)
})

test('asks again each second, and only those that have not confirmed', async () => {
  const { asked, open } = await simulate([[pod('a'), pod('b')]], { a: 100, b: 2_500 })
  expect({ asked, open }).toEqual({ asked: [['a', 'b'], ['b'], ['b']], open: [] })
})

test('names those that have not confirmed after 15 s, and confirms the others', async () => {
  const result = await simulate([[pod('a'), pod('b')]], { a: 14_000 })
  expect(result).toMatchObject({ open: ['b'], done: ['a confirmed'], time: 15_000 })
})

test.each<[string, SignerState]>([
  ['another mark', { event: 'frozen', mark: 'before' }],
  ['a marker that cannot be read', { event: 'frozen' }],
  ['the end of a freeze', { event: 'thawed' }],
])('takes %s for no confirmation', async (_, state) => {
  expect((await simulate([[pod('a')]], { a: 100 }, state)).open).toEqual(['a'])
})

test('waits for a Pod that starts meanwhile', async () => {
  const lists = [[pod('a')], [pod('a'), pod('b')]]
  expect(await simulate(lists, { a: 1_000, b: 1_500 })).toMatchObject({
    open: [],
    done: ['a confirmed', 'b confirmed'],
  })
})

test('ends a Pod once that is being deleted, and waits until it is gone', async () => {
  const leaving = pod('a', { isTerminating: true })
  const lists = [[leaving, pod('b')], [leaving, pod('b')], [pod('b')]]
  expect(await simulate(lists, { b: 100 })).toMatchObject({
    ...{ open: [], ended: ['a'], done: ['b confirmed', 'a ended'], time: 2_000 },
    // kubelet refreshes no volume of such a Pod.
    asked: [['b'], []],
  })
})

test('does not wait for a deleted Pod whose signer has ended', async () => {
  const ended = pod('a', { isTerminating: true, hasEnded: true })
  expect(await simulate([[ended]], {})).toMatchObject({ open: [], ended: [], time: 0 })
})

test('names a deleted Pod that does not end, when the signer would have ended by itself', async () => {
  const result = await simulate([[pod('a', { isTerminating: true })]], {})
  expect(result).toMatchObject({ open: ['a'], time: 25_000 })
})

test('without a Pod there is nothing to wait for', async () => {
  expect(await simulate([[]], {})).toMatchObject({ open: [], asked: [], time: 0 })
})

test.each([
  ['{"time":"t","level":"warn","event":"frozen","mark":"m"}', { event: 'frozen', mark: 'm' }],
  ['{"time":"t","level":"info","event":"thawed"}', { event: 'thawed' }],
  ['{"event":"audit","request_id":"\\"event\\":\\"frozen\\""}', undefined],
  ['{"event":"audit","caller":{"event":"frozen","mark":"m"}}', undefined],
  ['{"event":"frozen","mark":"m"', undefined],
  ['', undefined],
])('reads the line %s', (line, state) => expect(readStateLine(line)).toEqual(state))
