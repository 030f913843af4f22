// Reads webhooks as lines of JSON, and prints for each whether the library of npm accepts it: 1 or 0.
import { createInterface } from 'node:readline'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import type { Received } from './verifiers.ts'

const receivers = new Map<string, Webhook>()
const machineClock = Date.now

for await (const line of createInterface(process.stdin)) {
  const { secret, headers, body, now }: Received = JSON.parse(line)
  const receiver = receivers.get(secret) ?? new Webhook(secret)
  receivers.set(secret, receiver)
  Date.now = now === undefined ? machineClock : () => now * 1_000
  process.stdout.write(`${accepts(receiver, Buffer.from(body, 'base64'), headers) ? 1 : 0}\n`)
}

function accepts(receiver: Webhook, body: Buffer, headers: Received['headers']): boolean {
  try {
    // A body that is cut is no JSON any more.
    receiver.verify(body, headers, { jsonParse: false })
    return true
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false
    throw error
  }
}
