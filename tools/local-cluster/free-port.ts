// A TCP port of loopback that nobody has.
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Returns `preferred` if it is free, else any free port of 127.0.0.1. */
export async function findFreePort(preferred = 0): Promise<number> {
  const server = createServer()
  server.listen(preferred, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    if (preferred === 0) throw error
    return findFreePort()
  }
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('the port is not known')
  return address.port
}
