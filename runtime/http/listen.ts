// Binds a server to a TCP port or a Unix socket. A new socket replaces a stale one in one step, without a gap.
import { once } from 'node:events'
import { chmod, rename, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Port 0 means any free port. Without a host, it is the port of every address of the machine. */
export type Address = { port: number; host?: string | undefined } | { socket: string }

/** Listens and returns the address for the log, for example `port 8080`. Rejects with the system's error. */
export async function listenOn(server: Server, address: Address): Promise<string> {
  if ('port' in address) {
    await once(server.listen(address), 'listening')
    return `port ${(server.address() as AddressInfo).port}`
  }
  // Under the final name, clients would see the socket before its mode is set, and an old file would make bind fail.
  const fresh = freshSocket(address.socket)
  await rm(fresh, { force: true })
  await once(server.listen({ path: fresh }), 'listening')
  // Any user may connect: the volume mount is the boundary, and the proxy runs under another user id.
  await chmod(fresh, 0o666)
  await rename(fresh, address.socket)
  return `socket ${address.socket}`
}

/** Returns the temporary name that a new socket is bound to. It is longer, and unix(7) limits the length. */
export function freshSocket(socket: string): string {
  return `${socket}.new`
}
