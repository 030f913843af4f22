// The client has webhooks signed by a real signer. The public library of receivers verifies what the client returns.
import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test, vi } from 'vitest'
import {
  createSignerClient,
  createWebhookSigner,
  SignerError,
  signer,
} from '../../../client/index.ts'
import { type Entries, mountEntries } from '../../support/folder.ts'
import { serve } from '../../support/services/http.ts'
import { forwardToSocket } from '../../support/services/mesh-proxy.ts'
import { startSigner } from '../../support/services/services.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'
import { deriveKey, toSecret } from '../../support/webhooks/receivers.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const [raw, old, renewed] = [randomBytes(32), randomBytes(32), randomBytes(32)]
const entries: Entries = { 'key-1': raw, 'webhook-1': toSecret(old) }

/** Starts a signer. `environment` leads to it, and `paths` counts its calls by path. */
async function start(held = entries, settings: Record<string, string> = {}) {
  const {
    signer: process,
    socket,
    pairingDir,
    keyDir,
  } = await startSigner(held, 0, {
    SIGNER_PEER: 'container',
    ...settings,
  })
  await process.waitFor('listening')
  const paths: Record<string, number> = {}
  const forward = forwardToSocket(socket, () => true)
  const { href } = await serve((incoming, outgoing) => {
    paths[String(incoming.url)] = (paths[String(incoming.url)] ?? 0) + 1
    forward(incoming, outgoing)
  })
  const environment = {
    SIGNER_URL: new URL('/sign', href).href,
    CALLER_TOKEN_FILE: 'none',
    PAIRING_SECRET_FILE: join(pairingDir, 'secret'),
  }
  // This machine may be busy.
  return { process, keyDir, options: { environment, timeoutMs: 20_000 }, paths }
}

/** Returns what the receiver gets. Throws if its library does not accept it. */
const receive = (key: Uint8Array, headers: Record<string, string>, body: string | Buffer) =>
  new Webhook(toSecret(key)).verify(body, headers)

/** Tries again while too many messages wait, as the README says. */
async function insist<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof SignerError) || error.code !== 'overloaded') throw error
      await setTimeout(5)
    }
  }
}

test('2,000 webhooks of different consumers and 1,000 raw messages at once: each gets its own signature', async () => {
  const { options, paths } = await start()
  const client = createSignerClient(options)
  const signWebhook = createWebhookSigner({ client })
  const sendWebhook = async (index: number) => {
    const consumer = `consumer-${index}`
    const body = JSON.stringify({ index, text: `ß "\\\n😀 ${'a'.repeat(index % 200)}` })
    const id = index % 2 === 0 ? undefined : `msg_${index}`
    const headers = await insist(() => signWebhook(body, { consumer, id }))
    expect(receive(deriveKey(old, consumer), headers, body)).toMatchObject({ index })
    return headers['webhook-id']
  }
  const sendRaw = async (index: number) => {
    const message = `${index} ü`
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', headers, body: Buffer.from(JSON.stringify({ message })) }
    const { status, body } = await insist(() => client(request))
    const signature = createHmac('sha256', raw).update(message).digest('hex')
    expect([status, JSON.parse(body.toString())]).toEqual([
      ...[200, { signature, key_id: 'key-1', algorithm: 'HMAC-SHA256' }],
    ])
  }
  const indexes = Array.from({ length: 3_000 }, (_, index) => index)
  const ids = await Promise.all(
    indexes.map((index) => (index % 3 === 2 ? sendRaw(index) : sendWebhook(index))),
  )
  expect(new Set(ids.filter((id) => id !== undefined)).size).toBe(2_000)
  const { '/sign': alone = 0, '/sign/batch': shared = 0, ...others } = paths
  expect(others).toEqual({})
  // A call takes 128 messages.
  expect(alone + shared).toBeLessThan(100)
})

test('8 keys and two versions: each of 500 webhooks at once gets its 16 signatures', async () => {
  const keys = Array.from({ length: 8 }, (_, index) => [
    `webhook-${index}`,
    toSecret(randomBytes(32)),
  ])
  const { options } = await start({ ...Object.fromEntries(keys), 'webhook-primary': 'webhook-0' })
  const signWebhook = createWebhookSigner(options)
  const given = { consumer: 'acme', consumerVersions: [2, 1] }
  const asked = Array.from({ length: 500 }, (_, index) => signWebhook(`{"a":${index}}`, given))
  const counts = (await Promise.all(asked)).map(
    (each) => each['webhook-signature'].split(' ').length,
  )
  expect(new Set(counts)).toEqual(new Set([16]))
})

test('webhooks by fetch share calls, too', async () => {
  const { options, paths } = await start()
  const dispatcher = signer(options)
  const send = async (index: number) => {
    const [body, consumer] = [`{"index":${index}}`, `consumer-${index}`]
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, dispatcher }
    const request = { body: JSON.stringify({ body, consumer, consumer_versions: [2] }), ...init }
    const response = await fetch('http://localhost:8081/sign', request)
    const { headers, key_ids: keyIds } = Object(await response.json())
    expect(keyIds).toEqual(['webhook-1'])
    receive(deriveKey(old, consumer, 2), headers, body)
  }
  await Promise.all(Array.from({ length: 200 }, (_, index) => send(index)))
  expect(paths).toEqual({ '/sign': 1, '/sign/batch': expect.any(Number) })
  expect(paths['/sign/batch']).toBeLessThan(10)
})

describe('a receiver accepts', () => {
  test('text and bytes, with the key itself', async () => {
    const { options } = await start()
    const signWebhook = createWebhookSigner(options)
    const bodies = ['{"text":"Grüße 😀"}', '"\uFEFFa"', '{}', `"${'é'.repeat(9_000)}"`]
    for (const body of bodies) {
      const given = Buffer.from(body)
      expect(receive(old, await signWebhook(body, { id: 'msg_1' }), body)).toEqual(JSON.parse(body))
      expect(receive(old, await signWebhook(given), given)).toEqual(JSON.parse(body))
    }
    const bytes = Buffer.from('ff00fe', 'hex')
    const headers = await signWebhook(bytes)
    const { 'webhook-id': id, 'webhook-timestamp': time } = headers
    const mac = createHmac('sha256', old).update(`${id}.${time}.`).update(bytes).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${mac}`)
  })

  test('with the old or the new key, and with either version of a consumer during an overlap', async () => {
    const both = { ...entries, 'webhook-2': toSecret(renewed), 'webhook-primary': 'webhook-2' }
    const { options } = await start(both)
    const signWebhook = createWebhookSigner(options)
    const headers = await signWebhook('{}', { consumer: 'acme', consumerVersions: [2, 1] })
    expect(headers['webhook-signature'].split(' ')).toHaveLength(4)
    for (const key of [old, renewed]) {
      for (const version of [1, 2]) receive(deriveKey(key, 'acme', version), headers, '{}')
      expect(() => receive(deriveKey(key, 'other'), headers, '{}')).toThrow()
      expect(() => receive(key, headers, '{}')).toThrow()
    }
    const one = await signWebhook('{}', { keyId: 'webhook-1' })
    receive(old, one, '{}')
    expect(() => receive(renewed, one, '{}')).toThrow()
  })
})

describe('the error says whether another attempt can help', () => {
  const later = Math.floor(Date.now() / 1_000) + 1_000
  const permanent: [string, string, object, string][] = [
    ['a body that is ambiguous', `{"a":"x.${later}.y"}`, {}, 'ambiguous_body'],
    ['an id with a dot', '{}', { id: 'msg.1' }, 'invalid_request'],
    ['a consumer with a space', '{}', { consumer: 'a b' }, 'invalid_request'],
    ['versions without a consumer', '{}', { consumerVersions: [1] }, 'invalid_request'],
    ['three versions', '{}', { consumer: 'a', consumerVersions: [1, 2, 3] }, 'invalid_request'],
    ['a body of 70,000 bytes', 'a'.repeat(70_000), {}, 'payload_too_large'],
  ]
  test('no, for a body, id or consumer that no signer signs, alone and in a call for many', async () => {
    const { options, paths } = await start()
    const signWebhook = createWebhookSigner(options)
    for (const [what, body, given, code] of permanent) {
      const asked = signWebhook(body, given)
      await expect(asked, what).rejects.toMatchObject({ code, isPermanent: true })
    }
    expect(paths).toEqual({ '/sign': permanent.length })
    const first = signWebhook('{}')
    const asked = permanent.map(([, body, given]) => signWebhook(body, given))
    const last = signWebhook('{"a":1}', { consumer: 'acme' })
    const errors = (await Promise.allSettled(asked)).map((each) => Object(each).reason?.code)
    expect(errors).toEqual(permanent.map(([, , , code]) => code))
    receive(old, await first, '{}')
    receive(deriveKey(old, 'acme'), await last, '{"a":1}')
    expect(paths['/sign/batch']).toBeGreaterThan(0)
  })

  test('yes, once the Secret has the key', async () => {
    const { options, keyDir } = await start({ 'key-1': raw })
    const signWebhook = createWebhookSigner(options)
    for (const given of [{}, { keyId: 'webhook-1' }, { keyId: 'key-1' }]) {
      const asked = signWebhook('{}', given)
      await expect(asked).rejects.toMatchObject({ code: 'invalid_request', isPermanent: false })
    }
    await mountEntries(keyDir, entries, '2')
    const headers = await vi.waitFor(() => signWebhook('{}'), PROCESS_TEST_MS / 2)
    receive(old, headers, '{}')
  })

  test('yes, after the seconds of a limit, which webhooks and raw messages have by key', async () => {
    const { options } = await start(entries, { SIGNER_SIGNATURES_PER_DAY: '3' })
    const signWebhook = createWebhookSigner(options)
    const asked = Array.from({ length: 5 }, () => signWebhook('{}', { consumer: 'acme' }))
    const answers = await Promise.allSettled(asked)
    const limited = {
      status: 'rejected',
      reason: expect.objectContaining({ code: 'rate_limited', isPermanent: false }),
    }
    expect(answers.slice(3)).toEqual([limited, limited])
    const seconds = answers.map((each) => Object(each).reason?.retryAfter)
    expect(seconds).toEqual([...[undefined, undefined, undefined], seconds[3], seconds[3]])
    expect(seconds[3]).toBeGreaterThan(0)
    await expect(signWebhook('{}')).rejects.toMatchObject({
      ...{ code: 'rate_limited', retryAfter: expect.any(Number) },
    })
  })
})
