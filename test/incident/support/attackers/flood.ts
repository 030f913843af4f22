// Floods the signer with requests for as many signatures as it gives. This file runs in the frontend's container.
import { createCallerToken } from '../../../../client/caller-token.ts'
import { createPairing } from '../../../../client/pairing.ts'
import { parseSignerUrl, type SignerTarget } from '../../../../client/settings.ts'
import { createSignedRequest } from '../../../../client/signed-request.ts'
import { countSignatures } from './tally.ts'

export type Flood = 'single' | 'messages' | 'items' | 'verify'
export type FloodOrder = { floods: readonly Flood[]; connections: number; seconds: number }
export type Flooded = {
  /** Signatures in answers. */
  signed: number
  verified: number
  /** From before the first request to the last answer. */
  seconds: number
  /** How many requests had each status, or error. */
  ends: Record<string, number>
}

const target = parseSignerUrl('http://localhost:8081/sign') as SignerTarget
/** Small ones fit again soon, and large ones hardly ever. */
const sizes = [1, 2, 5, 20, 100, 500, 1_000]

/** Prints one line at its end. */
export async function attack({ floods, connections, seconds }: FloodOrder): Promise<void> {
  const send = createSignedRequest({
    target,
    callerToken: createCallerToken('/run/identity/token'),
    pairing: createPairing('/run/pairing/secret'),
  })
  const result: Flooded = { signed: 0, verified: 0, seconds: 0, ends: {} }
  const never = new AbortController().signal
  let sent = 0

  async function once(): Promise<string> {
    const { path, body } = write(floods[sent % floods.length] ?? 'single', sent)
    sent += 1
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', path, headers, body: Buffer.from(JSON.stringify(body)) }
    const answer = await send({ ...request, maxAnswerBytes: 4 * 1024 * 1024 }, never)
    const text = answer.body.toString()
    if (answer.status === 200 && path === '/verify') result.verified += 1
    if (answer.status === 200) result.signed += countSignatures(text)
    return String(answer.status)
  }

  const start = performance.now()
  const end = start + seconds * 1_000
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) {
        const how = await once().catch((error: Error) => error.message)
        result.ends[how] = (result.ends[how] ?? 0) + 1
      }
    }),
  )
  result.seconds = (performance.now() - start) / 1_000
  console.log(JSON.stringify(result))
}

function write(flood: Flood, index: number): { path: string; body: object } {
  const message = `flood ${index}`
  const size = sizes[index % sizes.length] ?? 1
  const messages = Array.from({ length: size }, (_, place) => `${message} ${place}`)
  const bodies = {
    single: { path: '/sign', body: { message } },
    messages: { path: '/sign/batch', body: { messages } },
    items: {
      path: '/sign/batch',
      body: { items: messages.map((each, place) => ({ request_id: `i-${place}`, message: each })) },
    },
    verify: { path: '/verify', body: { message, signature: '0'.repeat(64) } },
  }
  return bodies[flood]
}
