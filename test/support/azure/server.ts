// One name of Azure, played by an HTTPS server on loopback that answers with JSON.
import { once } from 'node:events'
import { createServer } from 'node:https'
import { text } from 'node:stream/consumers'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'
import type { Certificates } from '../clouds/certificates.ts'

export type Question = {
  method: string
  url: URL
  /** The bearer token, or ''. */
  token: string
  body: string
}
export type Answer = { status: number; value?: unknown; headers?: Readonly<Record<string, string>> }
export type Answering = (question: Question) => Answer | Promise<Answer>

export type Server = {
  port: number
  /** From now on it accepts no connection. Open ones end. */
  close: () => Promise<void>
  open: () => Promise<void>
}

export async function startServer(tls: Certificates, answering: Answering): Promise<Server> {
  const port = await findFreePort()
  const server = createServer({ cert: tls.cert, key: tls.key }, async (incoming, outgoing) => {
    const { authorization = '', host } = incoming.headers
    const question = {
      method: incoming.method ?? '',
      url: new URL(incoming.url ?? '/', `https://${host}`),
      token: authorization.replace(/^Bearer /, ''),
      body: await text(incoming),
    }
    const { status, value, headers } = await answering(question)
    outgoing.writeHead(status, { 'content-type': 'application/json', ...headers })
    outgoing.end(value === undefined ? undefined : JSON.stringify(value))
  })
  const open = async () => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  await open()
  return {
    ...{ port, open },
    close: async () => {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
