// One name of Azure, played by an HTTPS server on loopback that answers with JSON.
import { createServer } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Certificates } from '../clouds/certificates.ts'
import { type Loopback, openOnLoopback } from '../clouds/loopback.ts'

export type Question = {
  method: string
  url: URL
  /** The bearer token, or ''. */
  token: string
  body: string
}
export type Answer = { status: number; value?: unknown; headers?: Readonly<Record<string, string>> }
export type Answering = (question: Question) => Answer | Promise<Answer>

export function startServer(tls: Certificates, answering: Answering): Promise<Loopback> {
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
  return openOnLoopback(server)
}
