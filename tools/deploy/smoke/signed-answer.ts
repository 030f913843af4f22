// Finds the signature in an application's answer, where signing.yaml says that it is.
import { parseJson } from '../../../runtime/json/parse-json.ts'
import { UserError } from '../../cli/terminal.ts'
import type { SmokeAnswer, SmokeWebhook } from '../../kube/application/schema.ts'

export type SignedAnswer = {
  /** What was signed, of a webhook with its id and its timestamp. */
  message: string
  /** In hexadecimal, or as in webhook-signature. */
  signature: string
  /** Empty for a webhook, whose headers name no key. */
  keyId: string
  webhook?: { consumer: string | undefined; version: number }
}

/** Throws UserError with the field of signing.yaml that does not fit `body`. */
export function readSignedAnswer(body: string, where: SmokeAnswer): SignedAnswer {
  const content = parseJson(body)
  const read = (name: 'signature' | 'keyId' | 'message'): string => {
    const pointer = where[name] ?? ''
    const found = resolvePointer(content, pointer)
    if (typeof found === 'string') return found
    throw new UserError(
      `the answer has no text at ${pointer}: ${body.trim().slice(0, longestBody) || '(no content)'}`,
      `Correct smoke.answer.${name}, or have the application answer with it.`,
    )
  }
  const [signature, keyId] = [read('signature'), read('keyId')]
  if (!/^[0-9a-f]{64}$/.test(signature)) {
    throw new UserError(
      `${where.signature} of the answer is not 64 hexadecimal digits: ${signature.slice(0, longestBody)}`,
      'Correct smoke.answer.signature, or have the application answer with the signature as the signer returns it.',
    )
  }
  return { signature, keyId, message: where.signed ?? read('message') }
}

/** The same for a webhook. */
export function readSignedWebhook(body: string, where: SmokeWebhook): SignedAnswer {
  const content = parseJson(body)
  const readHeader = (name: string): string => {
    const found = resolvePointer(content, `${where.headers}/${name}`)
    if (typeof found === 'string') return found
    throw new UserError(
      `the answer has no text at ${where.headers}/${name}: ${body.trim().slice(0, longestBody) || '(no content)'}`,
      'Correct smoke.webhook.headers, or have the application answer with the headers as the signer returns them.',
    )
  }
  const [id, time, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
    readHeader,
  )
  const signed = where.signed ?? resolvePointer(content, where.body ?? '')
  if (typeof signed !== 'string') {
    throw new UserError(
      `the answer has no text at ${where.body}: ${body.trim().slice(0, longestBody)}`,
      'Correct smoke.webhook.body, or have the application answer with the body as text.',
    )
  }
  return {
    message: `${id}.${time}.${signed}`,
    signature: signature ?? '',
    keyId: '',
    webhook: { consumer: where.consumer, version: where.consumerVersion ?? 1 },
  }
}

const longestBody = 300

/** By RFC 6901. */
function resolvePointer(content: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((found: unknown, part) => {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part))
        return undefined
      return Reflect.get(found, part)
    }, content)
}
