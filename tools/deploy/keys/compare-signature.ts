// Compares what the Pods sign with what the Secret says.
import { say, UserError } from '../../cli/terminal.ts'
import { computeOpensslHkdf, computeOpensslHmac } from '../openssl-hmac.ts'
import type { SignedAnswer } from '../smoke/signed-answer.ts'
import { noteMissingAuditKey } from './audit-key.ts'
import { readKey } from './hmac-key.ts'
import { immutableAdvice, noteImmutable } from './immutable.ts'
import { readKeySecret } from './key-secret.ts'
import { findReturned } from './retired-keys.ts'
import { readWebhookKeys } from './webhook-key.ts'

/** Returns the ids of the keys. Throws UserError if OpenSSL computes another signature from the Secret. */
export async function compareSignature(answer: SignedAnswer): Promise<string[]> {
  const { message, signature, keyId, webhook } = answer
  if (webhook !== undefined) return compareWebhook(message, signature, webhook)
  const key = await readKey(keyId)
  const expected = await computeOpensslHmac(key, Buffer.from(message))
  if (signature === expected) return [keyId]
  throw new UserError(
    `the signature is not the HMAC-SHA256 of the message with key "${keyId}": the Pods hold other key bytes than the Secret`,
    otherKeyTodo,
  )
}

/** Returns the ids of the keys. Throws UserError if one of the signatures is by no webhook key of the Secret. */
async function compareWebhook(
  message: string,
  header: string,
  { consumer, version }: NonNullable<SignedAnswer['webhook']>,
): Promise<string[]> {
  const expected = new Map<string, string>()
  for (const [id, bytes] of await readWebhookKeys()) {
    const info = `webhook-consumer:${version}:${consumer}`
    const key = consumer === undefined ? bytes : await computeOpensslHkdf(bytes, info)
    const hex = await computeOpensslHmac(key, Buffer.from(message))
    expected.set(`v1,${Buffer.from(hex, 'hex').toString('base64')}`, id)
  }
  const found = header.split(' ').map((each) => expected.get(each))
  const ids = found.filter((id) => id !== undefined)
  if (ids.length === found.length) return ids
  const whose = consumer === undefined ? '' : ` of the consumer ${consumer}, version ${version}`
  throw new UserError(
    `a signature of the webhook is by no webhook key${whose} in the Secret: the Pods hold other key bytes, or signing.yaml does not name the consumer that the application signs for`,
    `Check smoke.webhook.consumer. ${otherKeyTodo}`,
  )
}

const otherKeyTodo = `If the Secret has just changed, try again in a minute. Look for \`keys_refused\` in the signer's log. If an immutable Secret was created again: ${immutableAdvice}`

/** Prints a note if the signature does not fit the Secret. The Secret may have changed a moment ago. */
export async function noteOtherKey(answer: SignedAnswer): Promise<void> {
  await compareSignature(answer).catch((error) => {
    if (!(error instanceof UserError)) throw error
    say(`  note  ${error.message}\n        ${error.todo}`)
  })
}

/** Prints a note if the Secret is immutable or has no audit key. Throws UserError if it has a retired key again. */
export async function checkSecret(): Promise<void> {
  const secret = await readKeySecret()
  noteImmutable(secret)
  noteMissingAuditKey(secret)
  const returned = findReturned(secret)
  if (returned !== undefined) throw returned
}
