// The rotation of a webhook key in Vault as docs/key-managers.md has it, by the API.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { toSecret } from '../../support/webhooks/receivers.ts'
import type { Step } from '../../support/webhooks/webhook-form.ts'
import { dataPath, putVersion } from './grant.ts'
import type { Vault } from './vault-server.ts'

type Entries = Record<string, string>

const newest = z.object({ data: z.record(z.string(), z.string()) })
const encode = (text: string) => Buffer.from(text).toString('base64')
const makeKey = () => encode(toSecret(randomBytes(32)))

const changes: Record<Step, (entries: Entries) => Entries> = {
  'the first webhook key': (entries) => ({ ...entries, 'webhook-1': makeKey() }),
  'add a second webhook key': (entries) => ({
    ...entries,
    ...{ 'webhook-2': makeKey(), 'webhook-primary': encode('webhook-1') },
  }),
  'make the new webhook key primary': (entries) => ({
    ...entries,
    'webhook-primary': encode('webhook-2'),
  }),
  'retire the old webhook key': ({ 'webhook-1': _, ...entries }) => entries,
}

/** Writes a new version with the change. Returns the id of its raw key. */
export async function makeWebhookStep(vault: Vault, step: Step): Promise<string> {
  return putVersion(vault, changes[step](await readNewest(vault)))
}

/** Returns the fields of the newest version. */
export async function readNewest({ ask }: Vault): Promise<Entries> {
  const { body } = await ask('GET', dataPath)
  return newest.parse(body.data).data
}
