// Sends requests to the signer with the frontend's credentials, as code in its container can. This file runs there.
import { createCallerToken } from '../../../../client/caller-token.ts'
import { createPairing } from '../../../../client/pairing.ts'
import { parseSignerUrl, type SignerTarget } from '../../../../client/settings.ts'
import { createSignedRequest } from '../../../../client/signed-request.ts'
import type { Answered, Asked } from './frontend.ts'

const target = parseSignerUrl('http://localhost:8081/sign') as SignerTarget
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
/** The signer serves eight batches at once. */
const AT_ONCE = 8

/** For each line of requests, prints a line of answers in the same order. */
export async function attack(_: unknown, commands: AsyncIterator<string>): Promise<void> {
  const send = createSignedRequest({
    target,
    callerToken: createCallerToken('/run/identity/token'),
    pairing: createPairing('/run/pairing/secret'),
  })
  const never = new AbortController().signal

  async function ask({ path, body, method = 'POST' }: Asked): Promise<Answered> {
    const headers = { 'content-type': 'application/json' }
    const text = typeof body === 'string' ? body : JSON.stringify(body ?? '')
    const bytes = Buffer.from(method === 'GET' ? '' : text)
    const request = { method, path, headers, body: bytes, maxAnswerBytes: MAX_ANSWER_BYTES }
    const answer = await send(request, never)
    return { status: answer.status, text: answer.body.toString(), at: Date.now() }
  }

  for (let next = await commands.next(); !next.done; next = await commands.next()) {
    const asked: Asked[] = JSON.parse(next.value)
    const answers: Answered[] = []
    let begun = 0
    const work = async () => {
      while (begun < asked.length) {
        const index = begun++
        answers[index] = await ask(asked[index] as Asked).catch((error: Error) => ({
          ...{ status: 0, text: error.message, at: Date.now() },
        }))
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    console.log(JSON.stringify(answers))
  }
}
