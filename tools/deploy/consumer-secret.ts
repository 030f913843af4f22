// make consumer-secret: prints the secret of one consumer, to hand to this receiver of webhooks, or of a list of consumers. It is
// derived from a webhook key, which the user may read. The key itself is never printed.
import { text } from 'node:stream/consumers'
import { readVariable } from '../cli/make-variables.ts'
import { runMain, say, UserError } from '../cli/terminal.ts'
import { deriveSecret, parseConsumer, parseConsumers } from './keys/consumer.ts'
import { readWebhookKey, readWebhookKeyFile } from './keys/webhook-key.ts'

await runMain(async () => {
  const [name, version] = [readVariable('CONSUMER'), readVariable('CONSUMER_VERSION')]
  const [path, id] = [readVariable('KEY_FILE'), readVariable('KEY_ID')]
  if (name === '-') {
    if (path === '-')
      throw new UserError(
        'CONSUMER and KEY_FILE both read standard input',
        'Write the key to a file.',
      )
    const consumers = parseConsumers(await text(process.stdin), version)
    const key = await readChosenKey(path, id)
    sayNote(
      `${consumers.length} secrets, derived from ${key.id}. Give each one to its receiver only.`,
    )
    const lines = consumers.map((each) => `${each.consumer} ${deriveSecret(key, each)}\n`)
    process.stdout.write(lines.join(''))
    return
  }
  const wanted = parseConsumer(name, version)
  const key = await readChosenKey(path, id)
  const { consumer } = wanted
  sayNote(
    `${consumer}, version ${wanted.version}, derived from ${key.id}. Give it to this receiver only.`,
  )
  // A newline would become a part of the secret where it is piped.
  process.stdout.write(deriveSecret(key, wanted) + (process.stdout.isTTY ? '\n' : ''))
})

function sayNote(line: string): void {
  say(`note  ${line}`)
  say(
    '      Give the webhook key itself to no receiver. Whoever has it derives the secrets of all.',
  )
}

async function readChosenKey(path: string | undefined, id: string | undefined) {
  if (path === undefined) return readWebhookKey(id)
  if (id === undefined) return readWebhookKeyFile(path)
  throw new UserError(
    'KEY_FILE and KEY_ID are both set',
    'KEY_ID chooses a key of the Secret. Leave one of them out.',
  )
}
