// Opens connections from the network of a Pod, and accepts them there. Programs in that network run this file, so it imports no
// other file.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

export type Place = { protocol: 'TCP' | 'UDP'; host: string; port: number }

/** Asks DNS for the address of "localhost". */
const query = Buffer.concat([
  Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 9]),
  Buffer.from('localhost\0'),
  Buffer.from([0, 1, 0, 1]),
])

/** Returns which of the places accept a connection, or answer a query. */
export function tryAll(places: readonly Place[], timeoutMs: number): Promise<boolean[]> {
  return Promise.all(
    places.map((place) =>
      place.protocol === 'TCP' ? open(place, timeoutMs) : ask(place, timeoutMs),
    ),
  )
}

function open({ host, port }: Place, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const finish = (isOpen: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(isOpen)
    }
    const timer = setTimeout(finish, timeoutMs, false)
    socket.on('connect', () => finish(true))
    socket.on('error', () => finish(false))
  })
}

function ask({ host, port }: Place, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const finish = (isAnswered: boolean) => {
      clearTimeout(timer)
      socket.close()
      resolve(isAnswered)
    }
    const timer = setTimeout(finish, timeoutMs, false)
    socket.once('message', () => finish(true))
    socket.on('error', () => finish(false))
    // Only a connected socket gets to know a refusal.
    socket.connect(port, host, () => socket.send(query, () => {}))
  })
}

/** Accepts connections and answers queries at the ports, until the program ends. */
export async function listenAt(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.end()
    })
    await once(server.listen(port, '0.0.0.0'), 'listening')
    const socket = createSocket('udp4')
    socket.on('message', (message, { port: from, address }) => socket.send(message, from, address))
    socket.bind(port)
    await once(socket, 'listening')
  }
}
