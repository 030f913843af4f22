// For any message and key, a signature equals the one that Python's hmac and OpenSSL compute.
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { computeOpensslHmac } from '../../tools/deploy/openssl-hmac.ts'
import { startPythonHmac } from '../support/services/python-hmac.ts'
import { askPaired, startSigner } from '../support/services/services.ts'
import { PROCESS_TEST_MS } from '../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const RUNS = 200
/** OpenSSL needs a process for each digest. */
const OPENSSL_RUNS = 20
/** Sizes that HMAC treats differently: the minimum, SHA-256's output, its block, and more than a block. */
const keys = Object.fromEntries(
  [14, 32, 64, 65, 200].map((size) => [`k${size}`, randomBytes(size)]),
)
const keyId = fc.constantFrom(...Object.keys(keys))
const message = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }).map((text) => ({ text, bytes: Buffer.from(text) })),
  fc.string({ unit: 'grapheme', size: 'max', maxLength: 4_000 }).map((text) => {
    return { text, bytes: Buffer.from(text) }
  }),
  fc.uint8Array({ size: 'max', maxLength: 20_000 }).map((bytes) => {
    return { text: Buffer.from(bytes).toString('base64'), bytes, encoding: 'base64' }
  }),
)
const edges = [
  { text: '', bytes: Buffer.alloc(0) },
  { text: '\0', bytes: Buffer.alloc(1) },
  { text: 'a'.repeat(65_000), bytes: Buffer.from('a'.repeat(65_000)) },
  { text: '\u{10ffff}\ufeff', bytes: Buffer.from('\u{10ffff}\ufeff') },
].map((each) => [each, 'k32'] as [typeof each, string])

const keyOf = (id: string) => keys[id] as Buffer

async function startWithKeys() {
  const signer = await startSigner({ ...keys, primary: 'k32' })
  await signer.signer.waitFor('listening')
  return (path: string, request: unknown) => askPaired(signer, path, request)
}

test('a signature equals Python’s and is valid, and a changed one is not valid', async () => {
  const [askSigner, computeByPython] = [await startWithKeys(), startPythonHmac()]
  const property = fc.asyncProperty(message, keyId, async ({ bytes, text, ...encoding }, id) => {
    const signed = { message: text, key_id: id, ...encoding }
    const { body } = await askSigner('/sign', signed)
    expect(body).toEqual({
      signature: await computeByPython(keyOf(id), bytes),
      key_id: id,
      algorithm: 'HMAC-SHA256',
    })
    const { signature } = body as { signature: string }
    const asked = { message: text, ...encoding, signature }
    expect((await askSigner('/verify', asked)).body).toEqual({ valid: true, key_id: id })
    const other = `${signature.slice(0, -1)}${signature.endsWith('0') ? '1' : '0'}`
    const wrong = await askSigner('/verify', { ...asked, signature: other })
    expect(wrong.body).toEqual({ valid: false })
  })
  await fc.assert(property, { numRuns: RUNS, examples: edges })
})

test('a signature equals OpenSSL’s', async () => {
  const askSigner = await startWithKeys()
  const property = fc.asyncProperty(message, keyId, async ({ bytes, text, ...encoding }, id) => {
    const { body } = await askSigner('/sign', { message: text, key_id: id, ...encoding })
    expect(body.signature).toBe(await computeOpensslHmac(keyOf(id), bytes))
  })
  await fc.assert(property, { numRuns: OPENSSL_RUNS, examples: edges })
})

test('items have the same answers as single requests, whatever their keys, encodings and mistakes are', async () => {
  const askSigner = await startWithKeys()
  const unknown = fc.constant('unknown')
  const item = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(message, fc.option(keyId, { nil: undefined })) },
    { weight: 1, arbitrary: fc.tuple(message, unknown) },
  )
  const wrong = fc.constantFrom({ message: 1 }, { message: '', a: 1 }, { encoding: 'base64' })
  const items = fc.array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: item.map(([{ text, bytes: _, ...rest }, id]) => {
          return { message: text, ...rest, ...(id && { key_id: id }) }
        }),
      },
      { weight: 1, arbitrary: wrong },
    ),
    { minLength: 1, maxLength: 20 },
  )
  const property = fc.asyncProperty(items, async (all) => {
    const sent = all.map((each, index) => ({ request_id: `id-${index}`, ...each }))
    const { body } = await askSigner('/sign/batch', { items: sent })
    const single = []
    for (const [index, each] of all.entries()) {
      const { status, body } = await askSigner('/sign', each)
      const request_id = `id-${index}`
      const problem = { problem: { ...body, request_id } }
      single.push({ request_id, ...(status === 200 ? body : problem) })
    }
    expect(body).toEqual({ results: single })
  })
  await fc.assert(property, { numRuns: OPENSSL_RUNS })
})

test('a batch has the same signatures as single requests', async () => {
  const askSigner = await startWithKeys()
  const texts = fc.array(fc.string({ unit: 'binary', maxLength: 50 }), {
    minLength: 1,
    maxLength: 20,
  })
  const property = fc.asyncProperty(texts, keyId, async (messages, id) => {
    const { body } = await askSigner('/sign/batch', { messages, key_id: id })
    const single = []
    for (const each of messages) {
      single.push((await askSigner('/sign', { message: each, key_id: id })).body.signature)
    }
    expect(body).toEqual({ key_id: id, algorithm: 'HMAC-SHA256', signatures: single })
  })
  await fc.assert(property, { numRuns: OPENSSL_RUNS })
})
