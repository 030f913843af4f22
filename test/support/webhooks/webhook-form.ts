// What holds at every step of a rotation, wherever the keys come from: a webhook key signs webhooks only, and receivers with any
// of the active keys accept them.
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
import { findWebhookKeys, type WebhookKeys, waitForWebhookKeys } from './secret-keys.ts'
import { countAccepted } from './verifiers.ts'

const COUNT = 50
const consumers = [undefined, 'acme'] as const

/**
 * The steps of a rotation in a key manager, by the comments of docs/key-managers.md, and the ids after each, the primary one
 * first.
 */
const steps = {
  'the first webhook key': ['webhook-1'],
  'add a second webhook key': ['webhook-1', 'webhook-2'],
  'make the new webhook key primary': ['webhook-2', 'webhook-1'],
  'retire the old webhook key': ['webhook-2'],
}
export type Step = keyof typeof steps

/** `readEntries` returns what the key manager has, in base64. `readRaw` returns the id of a raw key. */
export type FormSettings = {
  makeStep: (step: Step) => Promise<unknown>
  readEntries: () => Promise<Record<string, string>>
  readRaw: () => Promise<string>
}

/** Tests the steps in turn, with code in the frontend's container. */
export function testWebhookForm({ makeStep, readEntries, readRaw }: FormSettings): void {
  test('a webhook key signs nothing but webhooks at each step of a rotation', async () => {
    const frontend = await openFrontend()
    cleanUp(() => frontend.stop())
    const keys = new Map<string, Buffer>()
    for (const [step, ids] of Object.entries(steps) as [Step, string[]][]) {
      await makeStep(step)
      await waitForWebhookKeys(frontend, ids)
      console.info(`${step}: ${ids.join(', ')}`)
      for (const [id, key] of findWebhookKeys(await readEntries())) keys.set(id, key)
      await expectNoRaw(frontend, keys, await readRaw())
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
