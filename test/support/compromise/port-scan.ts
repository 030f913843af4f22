// Scans all ports. This file is sent into a container.
import { connect } from 'node:net'

const PARALLEL = 200
const LAST_PORT = 65_535

/** Returns the TCP ports of `host` that accept a connection. */
export async function scanPorts(host: string): Promise<number[]> {
  const open: number[] = []
  let next = 1
  async function work(): Promise<void> {
    while (next <= LAST_PORT) {
      const port = next++
      if (await answers(host, port)) open.push(port)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  return open.sort((a, b) => a - b)
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.on('connect', () => {
      // On loopback, a socket may get the port that it connects to, and reach itself.
      resolve(socket.localPort !== port)
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
  })
}
