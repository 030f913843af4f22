// One load, in its own process, so that it can run in another network namespace without delays. The first line of its
// input is the order. At the end of its input it stops and prints the samples.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { sendOnSchedule } from './schedule.ts'
import { createSender, type LoadSpec } from './senders.ts'

/** `maxUnderWay`: the maximum of concurrent requests. */
export type LoadOrder = { spec: LoadSpec; perSecond: number; maxUnderWay?: number }

const input = createInterface({ input: process.stdin })
const [line] = await once(input, 'line')
const { spec, perSecond, maxUnderWay }: LoadOrder = JSON.parse(line)
const stop = new AbortController()
input.on('close', () => stop.abort())
const samples = await sendOnSchedule(createSender(spec), perSecond, stop.signal, maxUnderWay)
process.stdout.write(JSON.stringify(samples))
