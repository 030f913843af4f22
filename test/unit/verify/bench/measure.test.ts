// The order of the measurements of `make bench`, and what becomes one figure.
import { beforeEach, expect, test, vi } from 'vitest'
import { measureAll, takeMedians } from '../../../../tools/verify/bench/measure.ts'
import type { Subject } from '../../../../tools/verify/bench/subject.ts'
import { makeLoad } from './figures.ts'

// It prints its rounds.
beforeEach(() => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})

const makeSubject = (name: string, connections: readonly number[]): Subject => ({
  ...{ id: 'pod', name, isOurs: true, signatures: 1, connections },
  address: { host: name, port: 1 },
  write: () => name,
})
const subjects = [makeSubject('a', [1, 32, 128]), makeSubject('b', [1, 32])]
const running = new AbortController().signal

test('the subjects warm up, and take turns at each number of connections', async () => {
  const order: string[] = []
  const loads = await measureAll(
    subjects,
    async ({ bytes, connections }) => {
      order.push(`${bytes}${connections}`)
      return makeLoad(100)
    },
    running,
  )
  const round = ['a1', 'b1', 'a32', 'b32', 'a128']
  const warmUp = ['a32', 'b32']
  expect(order).toEqual([...warmUp, ...round, ...round, ...round, 'a1', 'b1', 'a1', 'b1'])
  expect(loads.map((each) => [...each.keys()])).toEqual([
    [1, 32, 128],
    [1, 32],
  ])
})

test('each figure is its own median, and every failed request counts', () => {
  const loads = [makeLoad(1, 2), makeLoad(100), { ...makeLoad(50, 1), p99Ms: 3 }]
  expect(takeMedians(loads)).toMatchObject({ perSecond: 50, p50Ms: 20, p99Ms: 9, failed: 3 })
})

test('a subject that serves nothing ends the run', async () => {
  const measuring = measureAll(subjects, async () => ({ ...makeLoad(1, 7), perSecond: 0 }), running)
  await expect(measuring).rejects.toThrow('a: all of 7 requests failed at 32 connections')
})

test('an interrupt ends the run before the next measurement', async () => {
  const controller = new AbortController()
  let count = 0
  const measuring = measureAll(
    subjects,
    async () => {
      count += 1
      controller.abort(new Error('interrupted'))
      return makeLoad(1)
    },
    controller.signal,
  )
  await expect(measuring).rejects.toThrow('interrupted')
  expect(count).toBe(1)
})
