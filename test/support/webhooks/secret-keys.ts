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

/** Adds a webhook key unless there is one, and waits until the signer has it. Returns all. */
export async function ensureWebhookKey(frontend: Frontend): Promise<WebhookKeys> {
  const keys = await readWebhookKeys()
  if (keys.size > 0) return keys
  const secret = Buffer.from(toSecret(randomBytes(32))).toString('base64')
  const changed = changeKeySecret(await readKeySecret(), { data: { 'webhook-1': secret } })
  expect(await replaceKeySecret(changed)).toBe(true)
  await waitForWebhookKeys(frontend, ['webhook-1'])
  return readWebhookKeys()
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
