// What the machine did between two moments, from the files of the kernel.
import { expect, test } from 'vitest'
import { compareMoments, describeUse, parseMachine } from '../../../tools/verify/machine.ts'

/** Fields: user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice. */
const stat = (fields: string, other = '1 1 1 1 1 1 1 1 0 0') =>
  `cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 ${fields}\ncpu1 ${other}\nintr 5\n`
const pressure = (total: number) =>
  `some avg10=56.98 avg60=19.05 avg300=14.78 total=${total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n`

test('the shares of the time between two moments', () => {
  const before = parseMachine(stat('100 0 100 700 50 0 10 40 0 0'), pressure(1_000_000), 5_000, '0')
  const after = parseMachine(stat('150 5 120 710 50 0 15 50 20 0'), pressure(2_600_000), 7_000, '0')
  const use = compareMoments(before, after)
  expect(use).toEqual({ idle: 0.1, stolen: 0.1, waited: 0.8 })
  expect(describeUse(use)).toBe(
    'The processors were idle for 10 %, the hypervisor took 10 %, some program waited for one for 80 % of the time',
  )
})

test('a kernel that does not measure pressure', () => {
  const before = parseMachine(stat('0 0 0 0 0 0 0 0 0 0'), '', 0, '0')
  const after = parseMachine(stat('50 0 0 150 0 0 0 0 0 0'), '', 1_000, '0')
  const use = compareMoments(before, after)
  expect(use).toEqual({ idle: 0.75, stolen: 0 })
  expect(describeUse(use)).toBe('The processors were idle for 75 % of the time')
  expect(compareMoments(before, before)).toEqual({ idle: 0, stolen: 0 })
})

test('the processors that this program may use', () => {
  const [before, after] = ['0 0 0 0 0 0 0 0 0 0', '100 0 0 0 0 0 0 0 0 0'].map((busy) =>
    ['0', '0-1', '1', '0,1'].map((allowed) =>
      parseMachine(stat(busy, busy.replace('100 0 0 0', '0 0 0 100')), '', 0, allowed),
    ),
  )
  const idle = before?.map((each, index) => compareMoments(each, after?.[index] ?? each).idle)
  expect(idle).toEqual([0, 0.5, 1, 0.5])
})
