// The signer makes at most 1,000 signatures in a call, so a call takes fewer webhooks if each has many of them.
import { describe, expect, test } from 'vitest'
import { endPause, range } from '../../support/services/collector.ts'
import { signatureOf, webhookOf } from '../../support/services/fake-signer.ts'
import { startOccupied } from '../../support/services/occupied-client.ts'

/** Returns the answer of a signer that has so many keys. */
const signTimes = (body: string, count: number) => {
  const { headers } = webhookOf(body)
  const key_ids = range(count)
  const signature = key_ids.map(() => headers['webhook-signature']).join(' ')
  return { headers: { ...headers, 'webhook-signature': signature }, key_ids }
}

/** Starts a signer with so many keys, which answers the first webhook at `release`. */
async function startWith(count: number) {
  const signer = { keys: count }
  const started = await startOccupied(({ sign, messages, results }) =>
    sign(
      results.map((each, index) => ({ ...each, ...signTimes(messages[index] ?? '', signer.keys) })),
    ),
  )
  await started.occupy(() => started.signWebhook('first'))
  const ask = (bodies: string[]) =>
    Promise.all(bodies.map((body) => started.signWebhook(body))).then((all) => all.length)
  const release = () => started.release([signTimes('first', count)])
  const sizes = () => started.others().map(({ messages }) => messages.length)
  return { ...started, signer, ask, release, sizes }
}

describe('a call takes as many webhooks as the signer can sign', () => {
  const sizesBySignatures = { 1: 128, 7: 128, 8: 125, 9: 111, 16: 62 }
  test.each(Object.entries(sizesBySignatures))(
    'with %s signatures each: %i',
    async (signatures, most) => {
      const count = Number(signatures)
      const { ask, release, sizes } = await startWith(count)
      const asked = ask(range(3 * most))
      release()
      expect(await asked).toBe(3 * most)
      expect(sizes()).toEqual([most, most, most])
    },
  )

  test('also after the signer gets or loses keys', async () => {
    const { signer, ask, release, sizes } = await startWith(1)
    const asked = ask(range(128))
    signer.keys = 16
    release()
    expect(await asked).toBe(128)
    endPause()
    expect(await ask(range(2 * 62))).toBe(2 * 62)
    endPause()
    signer.keys = 2
    expect(await ask(range(62 + 128))).toBe(62 + 128)
    expect(sizes()).toEqual([128, 62, 62, 62, 128])
  })
})

test('one webhook goes, however many signatures it has', async () => {
  const { ask, release, sizes } = await startWith(1_001)
  const asked = ask(range(3))
  release()
  expect(await asked).toBe(3)
  expect(sizes()).toEqual([1, 1, 1])
})

test('before an answer, a webhook counts as 16 signatures', async () => {
  const { send, signWebhook, occupy, release, others } = await startOccupied()
  const headers = { 'content-type': 'application/json' }
  const post = (fields: object) =>
    send({ method: 'POST', headers, body: Buffer.from(JSON.stringify(fields)) })
  await occupy(() => post({ body: 'first' }))
  const asked = Promise.all(range(62 + 128).map((body) => signWebhook(body)))
  // An invalid answer does not count.
  release([{ ...webhookOf('first'), ...signatureOf('first') }])
  await asked
  expect(others().map(({ messages }) => messages.length)).toEqual([62, 128])
})

test('a raw message counts as one signature', async () => {
  const { send, ask, release, sizes } = await startWith(16)
  const headers = { 'content-type': 'application/json' }
  const post = (message: string) =>
    send({ method: 'POST', headers, body: Buffer.from(JSON.stringify({ message })) })
  const asked = [ask(range(61)), ...range(128 + 24).map(post)]
  release()
  await Promise.allSettled(asked)
  // 61 of 16 signatures and 24 of one are 1,000.
  expect(sizes()).toEqual([61 + 24, 128])
})
