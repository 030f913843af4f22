// Sends the smoke request as a public client does: through the gateway to the application, which has the signer sign.
import { setTimeout as sleep } from 'node:timers/promises'
import { explainFetchError } from '../../cli/fetch-error.ts'
import { atPace } from '../../cli/pace.ts'
import { UserError } from '../../cli/terminal.ts'
import type { SigningConfig } from '../../kube/application/schema.ts'
import { type Answer, sendRequest } from '../../kube/gateway-request.ts'
import { bracket, type GatewayUrl } from '../../kube/gateway-url.ts'
import { explainAnswer, explainConnection, type Refusal } from './gateway-answers.ts'
import { readSignedAnswer, readSignedWebhook, type SignedAnswer } from './signed-answer.ts'
import { composeRequest } from './smoke-request.ts'

const requestTimeoutMs = 5_000
const pauseMs = 300

export type Smoke = NonNullable<SigningConfig['smoke']>

/**
 * Tries for `waitMs`, because a new policy takes a moment to reach every proxy. Returns undefined if `smoke` does not say where
 * the signature is. Throws UserError with the last answer. `ca`: a PEM file with the gateway's private CA.
 */
export async function sendSmoke(
  gatewayUrl: GatewayUrl,
  smoke: Smoke,
  { waitMs, ca }: { waitMs: number; ca: string | undefined },
): Promise<SignedAnswer | undefined> {
  const start = performance.now()
  const { method, path } = smoke.request
  for (;;) {
    const answer = await send(gatewayUrl, smoke, ca)
    if (!('todo' in answer)) {
      if (smoke.webhook !== undefined) return readSignedWebhook(answer.body, smoke.webhook)
      return smoke.answer === undefined ? undefined : readSignedAnswer(answer.body, smoke.answer)
    }
    if (answer.isFinal || performance.now() - start > atPace(waitMs)) {
      throw new UserError(
        `${method} ${gatewayUrl.url}${path}${describeDetour(gatewayUrl)} returns no signature: ${answer.what}`,
        answer.todo,
      )
    }
    await sleep(pauseMs)
  }
}

function describeDetour({ address }: GatewayUrl): string {
  return address === undefined ? '' : ` at ${bracket(address.host)}:${address.port}`
}

async function send(
  gatewayUrl: GatewayUrl,
  { request }: Smoke,
  ca: string | undefined,
): Promise<Answer | Refusal> {
  try {
    const options = { ca, timeoutMs: atPace(requestTimeoutMs) }
    const answer = await sendRequest(gatewayUrl, composeRequest(request), options)
    const isSuccess = answer.status >= 200 && answer.status < 300
    return isSuccess ? answer : explainAnswer(answer, gatewayUrl, request)
  } catch (error) {
    if (error instanceof UserError) throw error
    return explainConnection(explainFetchError(error), gatewayUrl)
  }
}
