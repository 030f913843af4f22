// What holds at every step of a rotation, wherever the keys come from: a webhook key signs webhooks only, and receivers with any of the
// active keys accept them.
import { expect, test } from 'vitest'
import { cleanUp } from '../clean-up.ts'
import { type Frontend, openFrontend, type Result, signItems } from './frontend/frontend.ts'
import {
  listDerivationForms,
  listDerivedKeys,
  listRawForms,
  listRawSignatures,
} from './raw-forms.ts'
import { deriveKey, receive } from './receivers.ts'
import { type WebhookKeys, waitForWebhookKeys } from './secret-keys.ts'
import { countAccepted } from './verifiers.ts'

const COUNT = 50
const consumers = [undefined, 'acme'] as const

/** One step: what changes the keys, and the ids that the signer then has, the primary one first. */
export type Step = { change: () => Promise<unknown>; ids: readonly string[] }

/** `readKeys` returns all webhook keys that there were. `rawId` is a raw key. */
export type FormSettings = {
  readKeys: () => Promise<WebhookKeys>
  rawId: () => Promise<string>
  steps: Record<string, Step>
}

/** Tests the steps in turn, with code in the frontend's container. */
export function testWebhookForm({ readKeys, rawId, steps }: FormSettings): void {
  test('a webhook key signs nothing but webhooks at each step of a rotation', async () => {
    const frontend = await openFrontend()
    cleanUp(() => frontend.stop())
    for (const [title, { change, ids }] of Object.entries(steps)) {
      await change()
      await waitForWebhookKeys(frontend, ids)
      console.info(`${title}: ${ids.join(', ')}`)
      const keys = await readKeys()
      await expectNoRaw(frontend, keys, await rawId())
      for (const consumer of consumers) await expectAccepted(frontend, keys, ids, consumer)
    }
  })
}

/** Asks in every form for a raw signature by each key, and for the key of a consumer. Keys may be retired. */
export async function expectNoRaw(
  frontend: Frontend,
  keys: WebhookKeys,
  rawId: string,
): Promise<void> {
  for (const [id, key] of keys) {
    const answers = await frontend.ask([...listRawForms(id), ...listDerivationForms(id, rawId)])
    expect(answers.filter(({ status }) => status === 0 || status >= 500)).toEqual([])
    const text = answers.map((answer) => answer.text).join('\n')
    const secrets = [...listRawSignatures(key), ...listDerivedKeys(key)]
    expect([id, secrets.filter((secret) => text.includes(secret))]).toEqual([id, []])
  }
}

async function expectAccepted(
  frontend: Frontend,
  keys: WebhookKeys,
  active: readonly string[],
  consumer: string | undefined,
): Promise<void> {
  if (active.length === 0) return
  const bodies = Array.from({ length: COUNT }, (_, index) => `{"order":${index},"price":9.99}`)
  const results = await signItems(
    frontend,
    bodies.map((body) => ({ body, ...(consumer && { consumer }) })),
  )
  for (const result of results) expect(result.key_ids).toEqual(active)
  for (const [id, key] of keys) {
    const own = consumer === undefined ? key : deriveKey(key, consumer)
    const count = active.includes(id) ? COUNT : 0
    const received = bodies.map((body, index) => receive(own, headersOf(results[index]), body))
    expect([id, await countAccepted(received)]).toEqual([
      id,
      { npm: count, PyPI: count, Go: count },
    ])
  }
}

/** Throws if the signer has refused it. */
export function headersOf(result: Result | undefined) {
  if (result?.headers !== undefined) return result.headers
  throw new Error(`the signer signed no webhook: ${JSON.stringify(result?.problem)}`)
}
