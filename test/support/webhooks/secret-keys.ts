// The webhook keys in the Secret of the deployment.
import { randomBytes } from 'node:crypto'
import { expect, vi } from 'vitest'
import {
  changeKeySecret,
  readKeySecret,
  replaceKeySecret,
} from '../../../tools/deploy/keys/key-secret.ts'
import { KEYS_MS } from '../../../tools/verify/faults/support/timeouts.ts'
import { type Frontend, listWebhookKeys } from './frontend/frontend.ts'
import { toSecret } from './receivers.ts'

export type WebhookKeys = ReadonlyMap<string, Buffer>

/** Puts one webhook key into the Secret in place of those that are there, and waits until the signer has it. Returns it. */
export async function provideWebhookKey(frontend: Frontend): Promise<{ id: string; key: Buffer }> {
  const key = randomBytes(32)
  // A new name, because the signer may still have the key of another test.
  const id = `webhook-${randomBytes(4).toString('hex')}`
  await replaceWebhookKeys({ [id]: Buffer.from(toSecret(key)).toString('base64') })
  await waitForWebhookKeys(frontend, [id])
  return { id, key }
}

/** Removes all webhook keys from the Secret, and waits until the signer has none. */
export async function removeWebhookKeys(frontend: Frontend): Promise<void> {
  await replaceWebhookKeys({})
  await waitForWebhookKeys(frontend, [])
}

async function replaceWebhookKeys(data: Record<string, string>): Promise<void> {
  const secret = await readKeySecret()
  const former = ['webhook-primary', ...findWebhookKeys(secret.data).keys()]
  const removed = Object.fromEntries(former.map((name) => [name, undefined]))
  expect(await replaceKeySecret(changeKeySecret(secret, { data: { ...removed, ...data } }))).toBe(
    true,
  )
}

/** Waits until the signer has exactly these, the first of them as the primary one. */
export async function waitForWebhookKeys(
  frontend: Frontend,
  ids: readonly string[],
): Promise<void> {
  const wait = { timeout: KEYS_MS, interval: 500 }
  await vi.waitFor(async () => expect(await listWebhookKeys(frontend)).toEqual(ids), wait)
}

export async function readWebhookKeys(): Promise<WebhookKeys> {
  return findWebhookKeys((await readKeySecret()).data)
}

/** Returns the keys among entries in base64. */
export function findWebhookKeys(data: Readonly<Record<string, string>>): WebhookKeys {
  const texts = Object.entries(data).map(
    ([id, text]) => [id, Buffer.from(text, 'base64').toString()] as const,
  )
  return new Map(
    texts
      .filter(([id, text]) => text.startsWith('whsec_') && id !== 'audit-key')
      .map(([id, text]) => [id, Buffer.from(text.slice('whsec_'.length), 'base64')]),
  )
}
