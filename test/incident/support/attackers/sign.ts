// Has messages signed over many connections to the proxy. This file runs in the frontend's container.
import { setTimeout as sleep } from 'node:timers/promises'
import { openConnection } from './connection.ts'
import { openHttp2 } from './http2.ts'
import { type Request, toHttp1, writeSigned } from './signed-request.ts'
import { countAnswer, countEnd, newTally, type Tally } from './tally.ts'

export type SignOrder = {
  /**
   * - busy: one request after another on each connection
   * - pipelined: the same, with ten requests on their way
   * - http2: busy, over HTTP/2, also after the server's GOAWAY
   * - idle: one message, and when told so, `count` messages over the same connection
   * - slow: all of a request but its last byte, and the last byte when told so
   */
  kind: 'busy' | 'pipelined' | 'http2' | 'idle' | 'slow'
  connections: number
  /** Messages of each request. */
  count: number
  /** How long each message is at least. */
  bytes?: number
}

const PIPELINED = 10
const PAUSE_MS = 50
/** The signer refuses more batches at once. */
const AT_ONCE = 20

/**
 * Prints a line when all connections that wait are open. Then for each command: "report" prints the tally of each order
 * since the last report, and "go" tells the connections that wait, and prints when they have their answers. Ends with its input.
 */
export async function attack(
  orders: readonly SignOrder[],
  commands: AsyncIterator<string>,
): Promise<void> {
  const go = Promise.withResolvers<void>()
  const started = orders.map((order) => start(order, go.promise))
  await Promise.all(started.map(({ ready }) => ready))
  console.log(JSON.stringify('ready'))
  for (let next = await commands.next(); !next.done; next = await commands.next()) {
    if (next.value === 'go') {
      go.resolve()
      await Promise.all(started.map(({ done }) => done))
    }
    console.log(JSON.stringify(started.map(({ tally }) => ({ ...tally }))))
    for (const { tally } of started) Object.assign(tally, newTally())
  }
}

type Write = () => Request
/** `ready`: after all connections wait. `done`: after all of these have their answers. Both at once for a busy kind. */
type Started = { tally: Tally; ready: Promise<unknown>; done: Promise<unknown> }

function start({ kind, connections, count, bytes = 0 }: SignOrder, go: Promise<void>): Started {
  const write = () => writeSigned(count, bytes)
  const tally = newTally()
  const all = Array.from({ length: connections })
  if (kind === 'idle' || kind === 'slow') {
    const begun = all.map(() =>
      kind === 'idle' ? beginIdle(tally, write) : beginSlow(tally, write),
    )
    const ready = Promise.all(begun)
    const done = go.then(async () => inGroups(await ready))
    return { tally, ready, done }
  }
  const parallel = kind === 'pipelined' ? PIPELINED : 1
  for (const _ of all) {
    void (kind === 'http2' ? beBusyOverHttp2(tally, write) : beBusy(tally, write, parallel))
  }
  return { tally, ready: Promise.resolve(), done: Promise.resolve() }
}

async function inGroups(ends: readonly (() => Promise<void>)[]): Promise<void> {
  for (let at = 0; at < ends.length; at += AT_ONCE) {
    await Promise.all(ends.slice(at, at + AT_ONCE).map((end) => end()))
  }
}

async function beBusy(tally: Tally, write: Write, parallel: number): Promise<never> {
  for (;;) {
    try {
      const { isOpen, send } = await openConnection(tally)
      const work = async () => {
        while (isOpen()) await send(toHttp1(write()))
      }
      await Promise.all(Array.from({ length: parallel }, work))
    } catch (error) {
      countEnd(tally, (error as NodeJS.ErrnoException).code ?? String(error))
    }
    await sleep(PAUSE_MS)
  }
}

async function beBusyOverHttp2(tally: Tally, write: Write): Promise<never> {
  for (;;) {
    const { send, isOpen } = await openHttp2()
    while (isOpen()) {
      const answer = await send(write())
      if (answer === undefined) countEnd(tally, 'closed')
      else countAnswer(tally, answer)
    }
    await sleep(PAUSE_MS)
  }
}

async function beginIdle(tally: Tally, write: Write): Promise<() => Promise<void>> {
  const { send } = await openConnection(tally)
  await send(toHttp1(writeSigned(1)))
  return () => send(toHttp1(write()))
}

async function beginSlow(tally: Tally, write: Write): Promise<() => Promise<void>> {
  const { send, sendMore } = await openConnection(tally)
  const bytes = toHttp1(write())
  const answered = send(bytes.slice(0, -1))
  return () => {
    sendMore(bytes.slice(-1))
    return answered
  }
}
