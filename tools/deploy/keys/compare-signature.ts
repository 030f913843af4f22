// Compares what the Pods sign with what the Secret says.
import { say, UserError } from '../../cli/terminal.ts'
import { computeOpensslHmac } from '../openssl-hmac.ts'
import type { SignedAnswer } from '../smoke/signed-answer.ts'
import { noteMissingAuditKey } from './audit-key.ts'
import { readKey } from './hmac-key.ts'
import { immutableAdvice, noteImmutable } from './immutable.ts'
import { readKeySecret } from './key-secret.ts'
import { findReturned } from './retired-keys.ts'

/** Throws UserError if OpenSSL computes another signature from the Secret. */
export async function compareSignature(answer: SignedAnswer): Promise<void> {
  const key = await readKey(answer.keyId)
  const expected = await computeOpensslHmac(key, Buffer.from(answer.message))
  if (answer.signature === expected) return
  throw new UserError(
    `the signature is not the HMAC-SHA256 of the message with key "${answer.keyId}": the Pods hold other key bytes than the Secret`,
    `If the Secret has just changed, try again in a minute. Look for \`keys_refused\` in the signer's log. If an immutable Secret was created again: ${immutableAdvice}`,
  )
}

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
