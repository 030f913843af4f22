// The way into moto: a token is judged first, and all else goes there as it came, one request after the other.
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { openOnLoopback } from '../../../support/clouds/loopback.ts'
import { letPass } from './moto.ts'
import type { Judge, Refusal } from './trust-policy.ts'

export type Entrance = {
  url: string
  /** The tokens that got a session, the oldest first. */
  accepted: readonly string[]
  /** Simulates a manager that is away, and back. */
  close: () => Promise<void>
  open: () => Promise<void>
  /** Does `work` while requests get no answer. */
  whileSilent: (work: () => Promise<void>) => Promise<void>
}

export async function openEntrance(moto: string, judge: Judge): Promise<Entrance> {
  const accepted: string[] = []
  let turn = Promise.resolve()
  let isSilent = false
  const server = createServer((incoming, outgoing) => {
    if (isSilent) return
    // One at a time, because moto lets the next request pass, from any caller.
    turn = turn.then(() => serve(incoming, outgoing)).catch(() => void outgoing.destroy())
  })

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming)
    const asked = new URLSearchParams(body.toString())
    if (asked.get('Action') === 'AssumeRoleWithWebIdentity') {
      const token = asked.get('WebIdentityToken') ?? ''
      const refusal = await judge(token)
      if (refusal !== undefined) return refuse(outgoing, refusal)
      accepted.push(token)
      // It is signed by nobody.
      await letPass(moto, 1)
    }
    await pass(moto, incoming, body, outgoing)
  }

  async function whileSilent(work: () => Promise<void>): Promise<void> {
    isSilent = true
    try {
      await work()
    } finally {
      isSilent = false
      // Those that wait for an answer end.
      server.closeAllConnections()
    }
  }

  const { port, open, close } = await openOnLoopback(server)
  return { url: `http://127.0.0.1:${port}`, accepted, open, close, whileSilent }
}

function refuse(outgoing: ServerResponse, { status, code, message }: Refusal): void {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`
  outgoing.writeHead(status, { 'content-type': 'text/xml' })
  outgoing.end(`<ErrorResponse>${error}</ErrorResponse>`)
}

/** Passes every header unchanged, because the headers are signed. */
async function pass(
  moto: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
): Promise<void> {
  const there = request(new URL(url ?? '/', moto), { method, headers, agent: false })
  there.end(body)
  const [answer] = (await once(there, 'response')) as [IncomingMessage]
  outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
  await pipeline(answer, outgoing)
}
