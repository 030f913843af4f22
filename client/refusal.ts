// Explains why a webhook has no signature: the signer's own code, whether the same call can succeed, and when.
import type { Answer } from './http-client.ts'
import { refusals, SignerError } from './signer-error.ts'

/** The fields that only the caller of signWebhook can make valid. The signer names `key_id` if an operator has to add a key. */
const ofCaller = /^(id|consumer|consumer_versions)(\.|$)/

/** `problem`: the JSON of the answer (RFC 9457), or an object without fields for what a proxy sent instead. */
export function explainRefusal(
  { status, headers }: Answer,
  { code, detail, field }: Record<string, unknown>,
): SignerError {
  if (code === 'invalid_request' && field === 'message') {
    // Those know the form with `message` alone.
    const what = 'the signer does not know webhooks, deploy version 0.2 of it or a later one'
    return new SignerError(code, what)
  }
  const known = refusals.find((each) => each === code)
  const said = known === undefined ? '' : ` ${known}: ${detail}`
  const seconds = Number(headers['retry-after'])
  return new SignerError(known ?? 'signer_unavailable', `the signer answered ${status}${said}`, {
    isPermanent: isPermanent(known, field),
    retryAfter: Number.isInteger(seconds) ? seconds : undefined,
  })
}

function isPermanent(code: string | undefined, field: unknown): boolean {
  if (code === 'invalid_request') return ofCaller.test(String(field))
  return code === 'ambiguous_body' || code === 'payload_too_large'
}
