// Binds a server to a TCP port or a Unix socket. A stale socket file is replaced in one step, never missing.
import { once } from 'node:events'
import { chmod, rename, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Port 0 is any free one. */
export type Address = { port: number } | { socket: string }

/** Listens and returns the address for people, e.g. `port 8080`. Rejects with the system's error. */
export async function listenOn(server: Server, address: Address): Promise<string> {
  if ('port' in address) {
    await bind(server, { port: address.port })
    return `port ${(server.address() as AddressInfo).port}`
  }
  // Under its own name a socket would be there before its mode is right, and binding fails if an old file is there.
  const fresh = freshSocket(address.socket)
  await rm(fresh, { force: true })
  await bind(server, { path: fresh })
  // Everyone may connect who sees it: the mount is the boundary, and the proxy runs under another id.
  await chmod(fresh, 0o666)
  await rename(fresh, address.socket)
  return `socket ${address.socket}`
}

/** The name that a socket is bound to before it gets its own; a few bytes longer, which counts (see unix(7)). */
export function freshSocket(socket: string): string {
  return `${socket}.new`
}

async function bind(server: Server, where: { port: number } | { path: string }): Promise<void> {
  server.listen(where)
  await once(server, 'listening')
}
