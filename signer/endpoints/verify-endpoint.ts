// POST /verify: whether one of the keys made a signature. A wrong signature is an answer, not an error.
import type { KeyObject } from 'node:crypto'
import type * as z from 'zod/mini'
import { type VerifyResponse, verifyRequest, verifyWebhookRequest } from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { readJson } from '../../runtime/json/json-body.ts'
import { acceptKeyId } from '../../runtime/previous-version.ts'
import { answer } from '../audited.ts'
import { verifyMac } from '../hmac.ts'
import { chooseKeys } from '../keys/key-ring.ts'
import { decodeMessage, hasField } from '../message.ts'
import { composeWebhook, listConsumerKeys, TOLERANCE } from '../webhook.ts'
import type { EndpointDeps } from './endpoint-deps.ts'

const messageForm = acceptKeyId(verifyRequest)

/**
 * Makes the handler. It answers VerifyResponse for the requested key, or else for any key of the form. It throws AppError like
 * POST /sign, and for a malformed signature.
 */
export function createVerifyHandler({ admit, getKeyRing, spendVerification }: EndpointDeps) {
  const chooseForm = (value: unknown) =>
    hasField(value, 'body') ? verifyWebhookRequest : messageForm
  return async function verify(c: AppContext): Promise<Response> {
    const request = await readJson(c, chooseForm, { checkBody: admit(c) })
    const isMadeBy = 'body' in request ? checkWebhook(request) : checkMessage(request)
    const form = 'body' in request ? 'webhook' : 'raw'
    const keys = chooseKeys(getKeyRing(), form, request.key_id)
    spendVerification()
    // Every key is tried, even after a match, so the duration does not reveal which key matched.
    const [match] = keys.filter(({ material }) => isMadeBy(material))
    const keyUsed = match && { key_id: match.id }
    const response: VerifyResponse = keyUsed ? { valid: true, ...keyUsed } : { valid: false }
    return answer(c, response, { outcome: 'verified', count: 1, ...keyUsed })
  }
}

/** Returns what tells whether a key made the signature. */
function checkMessage(request: z.output<typeof verifyRequest>) {
  const message = decodeMessage(request.message, request.encoding)
  return (key: KeyObject) => verifyMac(key, message, [Buffer.from(request.signature, 'hex')])
}

/** Has a receiver's tolerance. */
function checkWebhook(request: z.output<typeof verifyWebhookRequest>) {
  const { headers } = request
  const seconds = headers['webhook-timestamp']
  const body = decodeMessage(request.body, request.encoding, 'body')
  const message = composeWebhook(headers['webhook-id'], seconds, body)
  const signatures = headers['webhook-signature'].split(' ').map((each) => each.split(','))
  const given = signatures.flatMap(([version, base64 = '']) =>
    version === 'v1' ? [Buffer.from(base64, 'base64')] : [],
  )
  const isInTime = Math.abs(Date.now() / 1_000 - Number(seconds)) <= TOLERANCE
  return (material: KeyObject) =>
    isInTime && listConsumerKeys(material, request).some((key) => verifyMac(key, message, given))
}
