// Has messages signed over many connections to the proxy. This file runs in the frontend's container.
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { openHttp2 } from './http2.ts'
import { proxy, toHttp1, writeSigned } from './signed-request.ts'
import { countAnswer, countEnd, newTally } from './tally.ts'

export type SignOrder = {
  /**
   * - busy: one request after another on each connection
   * - pipelined: the same, with ten requests on their way
   * - idle: one request, and another one when told so
   * - slow: the last byte of the request when told so
   * - http2: busy, over HTTP/2, also after the server's GOAWAY
   */
  kind: 'busy' | 'pipelined' | 'idle' | 'slow' | 'http2'
  connections: number
  /** Messages of each request. */
  count: number
}

const PIPELINED = 10
const PAUSE_MS = 50

/** The commands: "report" prints the tally since the last report, "go" tells the connections that wait. Ends with its input. */
export async function attack(order: SignOrder, commands: AsyncIterator<string>): Promise<void> {
  let tally = newTally()
  let go = () => {}
  const told = new Promise<void>((resolve) => {
    go = resolve
  })

  /** Opens a connection, and returns how to send on it. Each answer is counted. */
  async function open() {
    const socket = await dial()
    socket.setNoDelay(true)
    const sent: { at: number; resolve: () => void }[] = []
    let received = ''
    const end = (how: string) => {
      for (const { resolve } of sent.splice(0)) {
        countEnd(tally, how)
        resolve()
      }
    }
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk
      for (;;) {
        const [text, rest] = splitAnswer(received)
        if (text === undefined) return
        received = rest
        const first = sent.shift()
        countAnswer(tally, text, first?.at ?? 0)
        first?.resolve()
      }
    })
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
    socket.on('close', () => end('closed'))
    const write = (bytes: string) => {
      const answered = new Promise<void>((resolve) => sent.push({ at: Date.now(), resolve }))
      if (socket.destroyed) end('closed')
      else socket.write(bytes)
      return answered
    }
    return { socket, write }
  }

  async function beBusy(parallel: number): Promise<void> {
    for (;;) {
      try {
        const { socket, write } = await open()
        await Promise.all(
          Array.from({ length: parallel }, async () => {
            while (!socket.destroyed) await write(toHttp1(writeSigned(order.count)))
          }),
        )
      } catch (error) {
        countEnd(tally, String((error as NodeJS.ErrnoException).code ?? error))
      }
      await sleep(PAUSE_MS)
    }
  }

  async function beIdle(): Promise<void> {
    const { write } = await open()
    await write(toHttp1(writeSigned(order.count)))
    ready()
    await told
    await write(toHttp1(writeSigned(order.count)))
  }

  async function beSlow(): Promise<void> {
    const { socket, write } = await open()
    const bytes = toHttp1(writeSigned(order.count))
    const answered = write(bytes.slice(0, -1))
    ready()
    await told
    socket.write(bytes.slice(-1))
    await answered
  }

  async function beBusyOverHttp2(): Promise<void> {
    for (;;) {
      const { send, isOpen } = await openHttp2()
      while (isOpen()) {
        const sentAt = Date.now()
        const answer = await send(writeSigned(order.count))
        if (answer === undefined) countEnd(tally, 'closed')
        else countAnswer(tally, answer, sentAt)
      }
      await sleep(PAUSE_MS)
    }
  }

  const kinds = {
    busy: () => beBusy(1),
    pipelined: () => beBusy(PIPELINED),
    idle: beIdle,
    slow: beSlow,
    http2: beBusyOverHttp2,
  }
  let waiting = 0
  let allWait = () => {}
  const ready = () => {
    waiting += 1
    if (waiting === order.connections) allWait()
  }
  const opened = new Promise<void>((resolve) => {
    allWait = resolve
  })
  const work = Promise.all(Array.from({ length: order.connections }, kinds[order.kind]))
  if (order.kind === 'idle' || order.kind === 'slow') await opened
  console.log(JSON.stringify({ started: order.connections }))
  for (;;) {
    const { value, done } = await commands.next()
    if (done) return
    if (value === 'go') {
      go()
      await work
    }
    console.log(JSON.stringify(tally))
    tally = newTally()
  }
}

function dial(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(proxy, () => resolve(socket))
    socket.once('error', reject)
  })
}

/** Splits the first whole answer off. Envoy writes a length, or chunks. */
function splitAnswer(received: string): [answer: string | undefined, rest: string] {
  const head = received.indexOf('\r\n\r\n')
  if (head < 0) return [undefined, received]
  const length = /^content-length: (\d+)\r$/im.exec(received.slice(0, head + 2))?.[1]
  const end =
    length === undefined
      ? received.indexOf('\r\n0\r\n\r\n', head) + 7
      : head + 4 + Number(length)
  if (end < head + 4 || received.length < end) return [undefined, received]
  return [received.slice(0, end), received.slice(end)]
}
