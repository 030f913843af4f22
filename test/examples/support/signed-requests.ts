// Public requests that each application answers with a signature.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { listKeyIds } from '../../../tools/deploy/keys/entries.ts'
import { readSignedAnswer } from '../../../tools/deploy/smoke/signed-answer.ts'
import { composeRequest } from '../../../tools/deploy/smoke/smoke-request.ts'
import type { Application } from '../../../tools/kube/application.ts'
import { sendRequest } from '../../../tools/kube/gateway-request.ts'
import { kubectlJson } from '../../../tools/kube/kubectl.ts'
import { keySecret } from '../../../tools/kube/names.ts'
import { type Answer, sendOnSchedule } from '../../../tools/verify/faults/load/schedule.ts'
import { checkSignatures, type Summary, summarize } from '../../../tools/verify/faults/summarize.ts'
import { locateGateway } from './applications.ts'

const TIMEOUT_MS = 5_000
const SETTLE_MS = 2_000
const secret = z.object({ data: z.record(z.string(), z.string()) })

/** Reads the signing keys of the application's namespace by their ids. */
export async function readKeysOf({ namespace }: Application): Promise<Map<string, Buffer>> {
  const args = ['get', 'secret', keySecret, '-n', namespace, '-o', 'json']
  const { data } = await kubectlJson(secret, args)
  return new Map(listKeyIds(data).map((id) => [id, Buffer.from(data[id] ?? '', 'base64')]))
}

/** Sends the smoke request, with `message` in the place of each text of its body. Never rejects. */
export async function ask(application: Application, message?: string): Promise<Answer> {
  const { request, answer } = application.smoke ?? {}
  if (request === undefined || answer === undefined)
    throw new Error(`${application.file}: no smoke`)
  const body = JSON.parse(JSON.stringify(request.body), (_, value) =>
    typeof value === 'string' ? (message ?? value) : value,
  )
  try {
    const sent = composeRequest({ ...request, body })
    const options = { ca: undefined, timeoutMs: TIMEOUT_MS }
    const received = await sendRequest(locateGateway(application), sent, options)
    if (received.status >= 300) {
      return { outcome: `${received.status} ${received.body.slice(0, 80)}` }
    }
    const signed = readSignedAnswer(received.body, answer)
    // The application may change the case, so an answer to another request is noticed all the same.
    if (!signed.message.toLowerCase().includes(message ?? ''))
      return { outcome: 'the answer to another request' }
    const requestId = String(received.headers['x-request-id'])
    return { outcome: 'signed', signed: { ...signed, requestId } }
  } catch (error) {
    return { outcome: String(error) }
  }
}

/** Does `work` while clients send `perSecond` requests. Every signature must be the HMAC by one of the namespace's keys. */
export async function underLoadOf(
  application: Application,
  perSecond: number,
  work: () => Promise<unknown>,
): Promise<Summary> {
  const start = Date.now()
  const keys = await readKeysOf(application)
  const end = new AbortController()
  const send = (sequence: number) => ask(application, `load ${start} ${sequence}`)
  const load = sendOnSchedule(send, perSecond, end.signal)
  try {
    await work()
    await sleep(SETTLE_MS)
  } finally {
    end.abort()
  }
  // Keys that a rotation added or removed meanwhile.
  for (const [id, key] of await readKeysOf(application)) keys.set(id, key)
  return summarize(checkSignatures(await load, keys), start)
}
