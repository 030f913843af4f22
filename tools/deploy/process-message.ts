// Sends one message as a public client does: through the gateway to the frontend, which has the signer sign it.
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { explainFetchError } from '../cli/fetch-error.ts'
import { UserError } from '../cli/terminal.ts'
import { type Answer, postJson } from '../kube/gateway-request.ts'
import { type GatewayUrl, readAddress } from '../kube/gateway-url.ts'
import { explainAnswer, explainConnection, type Refusal } from './gateway-answers.ts'

const requestTimeoutMs = 5_000
const pauseMs = 300

const signedAnswer = z.object({
  processed_message: z.string(),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
  key_id: z.string(),
})
export type SignedAnswer = z.infer<typeof signedAnswer>

/**
 * Tries for `waitMs`, because a new policy takes a moment to reach every proxy. Throws UserError with the last answer. `ca`: a
 * PEM file with the gateway's private CA.
 */
export async function processMessage(
  gatewayUrl: GatewayUrl,
  message: string,
  { waitMs, ca }: { waitMs: number; ca: string | undefined },
): Promise<SignedAnswer> {
  const start = performance.now()
  for (;;) {
    const answer = await send(gatewayUrl, message, ca)
    if (!('todo' in answer)) return answer
    if (answer.isFinal || performance.now() - start > waitMs) {
      throw new UserError(
        `POST ${gatewayUrl.url}/process${describeDetour(gatewayUrl)} returns no signature: ${answer.what}`,
        answer.todo,
      )
    }
    await sleep(pauseMs)
  }
}

/** Returns a command that works as it is, also before the host name is in DNS. `ca` as in processMessage. */
export function formatCurl(gatewayUrl: GatewayUrl, ca: string | undefined): string {
  const { url, address } = gatewayUrl
  const { hostname } = new URL(url)
  const { port } = readAddress({ url })
  const resolve =
    address === undefined
      ? []
      : isIP(address.host) !== 0 && address.port === port
        ? [`--resolve ${hostname}:${port}:${address.host}`]
        : [`--connect-to ${hostname}:${port}:${bracket(address.host)}:${address.port}`]
  const trust = ca !== undefined && url.startsWith('https:') ? [`--cacert ${ca}`] : []
  return [
    ...['curl -sS', ...resolve, ...trust, `${url}/process`],
    `-H 'content-type: application/json' -d '{"message":"hello"}'`,
  ].join(' ')
}

function describeDetour({ address }: GatewayUrl): string {
  return address === undefined ? '' : ` at ${bracket(address.host)}:${address.port}`
}

function bracket(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host
}

async function send(
  gatewayUrl: GatewayUrl,
  message: string,
  ca: string | undefined,
): Promise<SignedAnswer | Refusal> {
  let answer: Answer
  try {
    answer = await postJson(
      gatewayUrl,
      '/process',
      { message },
      { ca, timeoutMs: requestTimeoutMs },
    )
  } catch (error) {
    if (error instanceof UserError) throw error
    return explainConnection(explainFetchError(error), gatewayUrl)
  }
  const parsed = answer.status === 200 ? signedAnswer.safeParse(parseJson(answer.body)) : undefined
  return parsed?.success ? parsed.data : explainAnswer(answer, gatewayUrl)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
