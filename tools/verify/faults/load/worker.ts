// One load, in its own process, so that it can run in another network namespace without delays. The first line of its input is
// the order. It prints a line after the first outcome. A load ends at the end of its input, and a ramp begins there. The last
// line has the result.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { climb } from './ramp.ts'
import { sendOnSchedule } from './schedule.ts'
import { createSender, type LoadSpec } from './senders.ts'

/** `maxUnderWay`: the maximum of concurrent requests. */
export type LoadOrder = { spec: LoadSpec; perSecond: number; maxUnderWay?: number }
/** `ramp`: requests a second, one rate after the other. */
export type RampOrder = { spec: LoadSpec; ramp: readonly number[] }
export type Order = LoadOrder | RampOrder

const input = createInterface({ input: process.stdin })
const [line] = await once(input, 'line')
const order: Order = JSON.parse(line)
const stop = new AbortController()
input.on('close', () => stop.abort())
const sendOne = createSender(order.spec)
let hasBegun = false
async function send(sequence: number) {
  const answer = await sendOne(sequence)
  if (!hasBegun) process.stdout.write('begun\n')
  hasBegun = true
  return answer
}
async function run() {
  if ('perSecond' in order) {
    return sendOnSchedule(send, order.perSecond, stop.signal, order.maxUnderWay)
  }
  await send(0)
  // The ramps of all sources begin at once.
  if (!stop.signal.aborted) await once(stop.signal, 'abort')
  return climb(send, order.ramp)
}
process.stdout.write(`${JSON.stringify(await run())}\n`)
