// Finds a free TCP port on the loopback interface.
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Returns `preferred` if it is free, otherwise any free port of 127.0.0.1. */
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
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return address.port
}
