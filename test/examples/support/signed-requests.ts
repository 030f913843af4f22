// Public requests that each application answers with a signature.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Application } from '../../../tools/kube/application.ts'
import { postJson } from '../../../tools/kube/gateway-request.ts'
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
  const keys = Object.entries(data).filter(([id]) => id !== 'primary')
  return new Map(keys.map(([id, key]) => [id, Buffer.from(key, 'base64')]))
}

/** Sends the smoke request with another message. Never rejects. */
export async function ask(application: Application, message: string): Promise<Answer> {
  const { request, answer } = application.smoke ?? {}
  if (request === undefined || answer === undefined)
    throw new Error(`${application.file}: no smoke`)
  const content = { ...Object(request.body), message }
  try {
    const { status, body, headers } = await postJson(
      locateGateway(application),
      request.path,
      content,
      { ca: undefined, timeoutMs: TIMEOUT_MS },
    )
    if (status !== 200) return { outcome: `${status} ${body.slice(0, 80)}` }
    const at = (pointer = '') => String(readPointer(JSON.parse(body), pointer))
    const signed = at(answer.message)
    // The application may change the case, so an answer to another request is noticed all the same.
    if (!signed.toLowerCase().includes(message)) return { outcome: 'the answer to another request' }
    const requestId = String(headers['x-request-id'])
    return {
      outcome: 'signed',
      signed: {
        message: signed,
        signature: at(answer.signature),
        keyId: at(answer.keyId),
        requestId,
      },
    }
  } catch (error) {
    return { outcome: String(error) }
  }
}

/** RFC 6901, without escapes. */
function readPointer(content: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce((found, key) => Object(found)[key], content)
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
