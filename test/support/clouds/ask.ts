// Sends a request to a name of a cloud as its SDK does: through the proxy, with the tests' authority.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'

export type Surroundings = { HTTPS_PROXY: string; SSL_CERT_FILE: string }
export type Sent = { method?: string; headers?: Readonly<Record<string, string>>; body?: string }

/** Rejects if the name is unknown, if nothing answers, or if the certificate is not by the authority. */
export async function ask(
  url: string,
  { HTTPS_PROXY, SSL_CERT_FILE }: Surroundings,
  { method = 'GET', headers = {}, body = '' }: Sent = {},
): Promise<{ status: number; body: string }> {
  const agent = new Agent({ proxyEnv: { HTTPS_PROXY }, ca: await readFile(SSL_CERT_FILE) })
  try {
    const sent = request(url, { agent, method, headers })
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    return { status: answer.statusCode ?? 0, body: await text(answer) }
  } finally {
    agent.destroy()
  }
}
