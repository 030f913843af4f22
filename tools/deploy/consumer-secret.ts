// make consumer-secret: prints the secret of one consumer, to hand to this receiver of webhooks. It is derived from a webhook key,
// which the user may read. The key itself is never printed.
import { webhookRequest } from '../../runtime/contract.ts'
import { WEBHOOK_PREFIX } from '../../signer/keys/key-files.ts'
import { listConsumerKeys } from '../../signer/webhook.ts'
import { readVariable } from '../cli/make-variables.ts'
import { runMain, say, UserError } from '../cli/terminal.ts'
import { readWebhookKey, readWebhookKeyFile } from './keys/webhook-key.ts'

await runMain(async () => {
  const { consumer, version } = readConsumer()
  const { id, material } = await readChosenKey()
  const [key] = listConsumerKeys(material, consumer, [version])
  if (key === undefined) throw new Error('no key was derived')
  say(`note  ${consumer}, version ${version}, derived from ${id}. Hand it to this receiver only.`)
  say(
    '      Never hand the webhook key itself to a receiver: its holder derives the secrets of all consumers.',
  )
  process.stdout.write(`${WEBHOOK_PREFIX}${key.export().toString('base64')}\n`)
})

/** Reads CONSUMER and CONSUMER_VERSION, by the rules of the signer. */
function readConsumer(): { consumer: string; version: number } {
  const consumer = readVariable('CONSUMER')
  if (consumer === undefined) {
    throw new UserError(
      'CONSUMER is not set',
      'Set it to the name that the application gives to the signer, for example `make consumer-secret CONSUMER=acme`.',
    )
  }
  const text = readVariable('CONSUMER_VERSION') ?? '1'
  const version = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  const { error } = webhookRequest.safeParse({ body: '', consumer, consumer_versions: [version] })
  const [issue] = error?.issues ?? []
  if (issue === undefined) return { consumer, version }
  throw issue.path[0] === 'consumer'
    ? new UserError(
        `CONSUMER=${consumer} is no name of a consumer: it ${issue.message}`,
        'Give the name exactly as the application gives it to the signer.',
      )
    : new UserError(
        `CONSUMER_VERSION=${text} is not a version`,
        'Use a whole number from 1 to 999999999, or leave it out for version 1.',
      )
}

async function readChosenKey() {
  const [path, id] = [readVariable('KEY_FILE'), readVariable('KEY_ID')]
  if (path === undefined) return readWebhookKey(id)
  if (id === undefined) return readWebhookKeyFile(path)
  throw new UserError(
    'KEY_FILE and KEY_ID are both set',
    'KEY_ID chooses a key of the Secret. Leave one of them out.',
  )
}
