// Sends one message as a public client does: through the ingress gateway to the frontend, which has the signer sign it.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { explainFetchError } from '../cli/fetch-error.ts'
import { UserError } from '../cli/terminal.ts'
import { describeRefusedToken } from './token-keys/refused-token.ts'

const requestTimeoutMs = 5_000
const pauseMs = 300

const signedAnswer = z.object({
  processed_message: z.string(),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
  key_id: z.string(),
})
export type SignedAnswer = z.infer<typeof signedAnswer>

/** Tries for `waitMs`, because a new policy takes a moment to reach every proxy. Throws UserError with the last answer. */
export async function processMessage(
  url: string,
  message: string,
  waitMs: number,
): Promise<SignedAnswer> {
  const start = performance.now()
  for (;;) {
    const answer = await send(url, message)
    if (typeof answer !== 'string') return answer
    if (performance.now() - start > waitMs) {
      const refusal = describeRefusedToken(answer)
      throw new UserError(
        `POST ${url}/process returns no signature: ${refusal?.message ?? answer}`,
        refusal?.todo ??
          "Read `kubectl logs -n signing -l 'app in (secure-signing, frontend, signer)' --all-containers`, and the gateway's log.",
      )
    }
    await sleep(pauseMs)
  }
}

export function formatCurl(url: string): string {
  return `curl -sS ${url}/process -H 'content-type: application/json' -d '{"message":"hello"}'`
}

async function send(url: string, message: string): Promise<SignedAnswer | string> {
  try {
    const response = await fetch(`${url}/process`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message }),
      signal: AbortSignal.timeout(requestTimeoutMs),
    })
    const text = await response.text()
    if (response.status !== 200) return `${response.status} ${text.slice(0, 300)}`
    const parsed = signedAnswer.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : `200, but not a signed answer: ${text.slice(0, 300)}`
  } catch (error) {
    return explainFetchError(error)
  }
}
