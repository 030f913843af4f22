// Attack 36: clients that are slow, send too much, or abort. Other clients are not affected.
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { toPlace } from '../../attack/gateway.ts'
import { runProbes } from '../../attack/probe.ts'
import { readStatus } from '../../attack/requests.ts'
import { writePost } from '../../bench/subject.ts'
import { type Experiment, ForbiddenError } from '../experiment.ts'
import { readPeakMib } from '../support/node.ts'

const SLOW_CLIENTS = 1_000
const CONNECT_PAUSE_MS = 4
const OVER_LIMIT = 'a'.repeat(70 * 1024)
const onePod = { attack: '37', replicas: 1, sources: ['public'], bounds: { failed: 0 } } as const

export const slowClients: Experiment = {
  ...onePod,
  id: 'slow-clients',
  title: `${SLOW_CLIENTS} clients that send one byte a second`,
  run: async ({ pod, isShort, gatewayUrl }) => {
    const head = writePost('/process', { message: 'a'.repeat(60_000) }).slice(0, 50_000)
    const sockets: Socket[] = []
    let answered = 0
    while (sockets.length < SLOW_CLIENTS) {
      const socket = connect(toPlace(gatewayUrl))
      socket.on('error', () => {}).once('data', () => (answered += 1))
      socket.write(head)
      sockets.push(socket)
      // The local cluster starts two processes for each connection. Without a pause, that would use all cores.
      await sleep(CONNECT_PAUSE_MS)
    }
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('a')
    }, 1_000)
    // The frontend's timeout for a request is 15 s.
    await sleep(isShort ? 5_000 : 20_000)
    clearInterval(drip)
    for (const socket of sockets) socket.destroy()
    return `${answered} got a time-out. ${await readPeakMib(pod)}`
  },
}

export const clientsThatAbort: Experiment = {
  ...onePod,
  id: 'clients-that-abort',
  title: 'clients that abort a request or do not wait for the answer',
  run: async ({ isShort, gatewayUrl }) => {
    const whole = writePost('/process', { message: 'a' })
    const end = Date.now() + (isShort ? 2_000 : 20_000)
    let [count, connected] = [0, 0]
    while (Date.now() < end) {
      for (const bytes of [whole, whole.slice(0, -5), whole.slice(0, 40)]) {
        const socket = connect(toPlace(gatewayUrl), () => {
          connected += 1
          socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 2))
        })
        socket.on('error', () => {})
        count += 1
      }
      await sleep(20)
    }
    if (connected > 0) return `${count} clients`
    throw new Error(`none of ${count} clients got a connection`)
  },
}

export const bodiesOverTheLimit: Experiment = {
  ...onePod,
  id: 'bodies-over-the-limit',
  title: 'bodies over 64 KiB, with Content-Length and chunked',
  run: async ({ isShort, gatewayUrl }) => {
    const announced = writePost('/process', { message: OVER_LIMIT }, { connection: 'close' })
    const chunked = toChunked(announced)
    const probes = Array.from({ length: isShort ? 100 : 1_000 }, (_, index) => {
      return { ...toPlace(gatewayUrl), bytes: index % 2 === 0 ? announced : chunked }
    })
    const outcomes = await runProbes(probes, 5_000, 16)
    const count = (status: number) =>
      outcomes.filter(({ received }) => readStatus(received) === status).length
    const [rejected, signed] = [count(413), count(200)]
    if (rejected === probes.length) return `${rejected} got 413`
    const what = `${rejected} of ${probes.length} got 413, and ${signed} got 200`
    throw signed > 0 ? new ForbiddenError(what) : new Error(what)
  },
}

function toChunked(request: string): string {
  const [head = '', body = ''] = request.split('\r\n\r\n')
  const headers = head.replace(/content-length: \d+/, 'transfer-encoding: chunked')
  return `${headers}\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
}
