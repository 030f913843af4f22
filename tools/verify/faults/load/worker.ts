// One load, as a process of its own so that it can live in another network namespace, and nothing else delays it. The
// first line of its input says what to send; when its input ends it stops, and prints the samples.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { sendOnSchedule } from './schedule.ts'
import { createSender, type LoadSpec } from './senders.ts'

/** `maxUnderWay`: requests that wait for an answer at once. */
export type LoadOrder = { spec: LoadSpec; perSecond: number; maxUnderWay?: number }

const input = createInterface({ input: process.stdin })
const [line] = await once(input, 'line')
const { spec, perSecond, maxUnderWay }: LoadOrder = JSON.parse(line)
const stop = new AbortController()
input.on('close', () => stop.abort())
const samples = await sendOnSchedule(createSender(spec), perSecond, stop.signal, maxUnderWay)
process.stdout.write(JSON.stringify(samples))
