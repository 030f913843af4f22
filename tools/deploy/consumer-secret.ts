// make consumer-secret: prints the secret of one consumer, to hand to this receiver of webhooks. It is derived from a webhook key,
// which the user may read. The key itself is never printed.
import { readVariable } from '../cli/make-variables.ts'
import { runMain, say, UserError } from '../cli/terminal.ts'
import { deriveSecret, parseConsumer } from './keys/consumer.ts'
import { readWebhookKey, readWebhookKeyFile } from './keys/webhook-key.ts'

await runMain(async () => {
  const wanted = parseConsumer(readVariable('CONSUMER'), readVariable('CONSUMER_VERSION'))
  const key = await readChosenKey()
  const { consumer, version } = wanted
  say(
    `note  ${consumer}, version ${version}, derived from ${key.id}. Give it to this receiver only.`,
  )
  say(
    '      Give the webhook key itself to no receiver. Whoever has it derives the secrets of all.',
  )
  process.stdout.write(`${deriveSecret(key, wanted)}\n`)
})

async function readChosenKey() {
  const [path, id] = [readVariable('KEY_FILE'), readVariable('KEY_ID')]
  if (path === undefined) return readWebhookKey(id)
  if (id === undefined) return readWebhookKeyFile(path)
  throw new UserError(
    'KEY_FILE and KEY_ID are both set',
    'KEY_ID chooses a key of the Secret. Leave one of them out.',
  )
}
