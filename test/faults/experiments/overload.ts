// Attack 36: more than can be served. What is too much is told so at once, and what is good is served meanwhile and
// after.
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { generateLoad } from '../../bench/generator.ts'
import { writePost } from '../../bench/subject.ts'
import { runProbes } from '../../policy/support/probe.ts'
import { readStatus } from '../../policy/support/requests.ts'
import type { Experiment } from '../experiment.ts'
import { startLoad } from '../load/start-load.ts'
import { readPeakMib } from '../support/memory.ts'

const TIMES_CAPACITY = 4
/** Of the flood: four times what the frontend has signed at once. More would only measure the queues of this machine. */
const MAX_UNDER_WAY = 512
const SLOW_CLIENTS = 1_000
const CONNECT_PAUSE_MS = 4
const OVER_LIMIT = 'a'.repeat(70 * 1024)
const onePod = { attack: '36', replicas: 1 } as const

function toAddress(url: string) {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port || 80) }
}

/** Requests a second that are served when as many connections ask as is best. */
async function measureCapacity(url: string): Promise<number> {
  const bytes = writePost('/process', { message: 'capacity' })
  const load = { address: toAddress(url), bytes, connections: 32, seconds: 2 }
  return (await generateLoad(load)).perSecond
}

export const overload: Experiment = {
  ...onePod,
  id: 'overload',
  title: `${TIMES_CAPACITY} times what the Pod can serve`,
  sources: ['world'],
  // What is too much for the frontend, or for the proxies' own handshakes.
  bounds: {
    recoveryMs: 5_000,
    how: /^503 (overloaded|signer_unavailable|by a proxy: connection timeout)$|^504 signer_timeout$/,
  },
  run: async ({ pod, isShort, gatewayUrl, begin, recover }) => {
    const capacity = await measureCapacity(gatewayUrl)
    const perSecond = Math.round(capacity * TIMES_CAPACITY)
    const spec = { kind: 'world', url: gatewayUrl } as const
    const flood = startLoad({ spec, perSecond, maxUnderWay: MAX_UNDER_WAY })
    await sleep(isShort ? 3_000 : 20_000)
    const samples = await flood.stop()
    begin()
    await recover()
    const served = samples.filter(({ outcome }) => outcome === 'signed').length
    const sent = samples.filter(({ outcome }) => outcome !== 'not sent').length
    return `${perSecond}/s asked for, ${sent} sent, ${served} served, the rest refused; ${await readPeakMib(pod)}`
  },
}

export const slowClients: Experiment = {
  ...onePod,
  id: 'slow-clients',
  title: `${SLOW_CLIENTS} clients that send a byte a second`,
  sources: ['world'],
  bounds: { failed: 0 },
  run: async ({ pod, isShort, gatewayUrl }) => {
    const head = writePost('/process', { message: 'a'.repeat(60_000) }).slice(0, 50_000)
    const sockets: Socket[] = []
    let answered = 0
    while (sockets.length < SLOW_CLIENTS) {
      const socket = connect(toAddress(gatewayUrl))
      socket.on('error', () => {}).once('data', () => (answered += 1))
      socket.write(head)
      sockets.push(socket)
      // The local cluster starts two processes for each connection: all at once, that alone takes both cores.
      await sleep(CONNECT_PAUSE_MS)
    }
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('a')
    }, 1_000)
    // The frontend gives a request 15 s.
    await sleep(isShort ? 5_000 : 20_000)
    clearInterval(drip)
    for (const socket of sockets) socket.destroy()
    return `${answered} were told that they are late; ${await readPeakMib(pod)}`
  },
}

export const clientsThatAbort: Experiment = {
  ...onePod,
  id: 'clients-that-abort',
  title: 'clients that go away in the middle of a request, or before its answer',
  sources: ['world'],
  bounds: { failed: 0 },
  run: async ({ isShort, gatewayUrl }) => {
    const whole = writePost('/process', { message: 'a' })
    const end = Date.now() + (isShort ? 2_000 : 20_000)
    let count = 0
    while (Date.now() < end) {
      for (const bytes of [whole, whole.slice(0, -5), whole.slice(0, 40)]) {
        const socket = connect(toAddress(gatewayUrl), () => {
          socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 2))
        })
        socket.on('error', () => {})
        count += 1
      }
      await sleep(20)
    }
    return `${count} of them`
  },
}

export const bodiesOverTheLimit: Experiment = {
  ...onePod,
  id: 'bodies-over-the-limit',
  title: 'bodies over 64 KiB, with their length and in chunks',
  sources: ['world'],
  bounds: { failed: 0 },
  run: async ({ isShort, gatewayUrl }) => {
    const announced = writePost('/process', { message: OVER_LIMIT }, { connection: 'close' })
    const chunked =
      `${announced.slice(0, announced.indexOf('\r\n\r\n'))}\r\n\r\n${OVER_LIMIT.length.toString(16)}\r\n${OVER_LIMIT}\r\n0\r\n\r\n`.replace(
        /content-length: \d+/,
        'transfer-encoding: chunked',
      )
    const probes = Array.from({ length: isShort ? 100 : 1_000 }, (_, index) => {
      return { ...toAddress(gatewayUrl), bytes: index % 2 === 0 ? announced : chunked }
    })
    const outcomes = await runProbes(probes, 5_000, 16)
    const told = outcomes.filter(({ received }) => readStatus(received) === 413).length
    if (told === probes.length) return `${told} of them were told 413`
    throw new Error(`${told} of ${probes.length} were told 413`)
  },
}
