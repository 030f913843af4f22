// make consumer-secret derives what the test vectors say, for the consumers and keys that the signer takes.
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { deriveSecret, parseConsumer, parseConsumers } from '../../../tools/deploy/keys/consumer.ts'
import { readWebhookKeyFile } from '../../../tools/deploy/keys/webhook-key.ts'
import { makeFolder } from '../../support/folder.ts'
import { vectors } from '../../support/vectors.ts'

async function readKey(text: string) {
  const path = join(await makeFolder(), 'key')
  await writeFile(path, text)
  return readWebhookKeyFile(path)
}

const cases = vectors.webhooks.signatures.flatMap(({ keys, derived = [], title }) =>
  derived.map(({ info, secret }, index) => {
    const key = keys[Math.floor((index * keys.length) / derived.length)] ?? ''
    return [info, title, key, secret] as const
  }),
)
const [[, , good = ''] = []] = cases

test.each(cases)('the secret of %s in "%s"', async (info, _, key, secret) => {
  const [, version, ...name] = info.split(':')
  const consumer = parseConsumer(name.join(':'), version)
  expect(deriveSecret(await readKey(key), consumer)).toBe(secret)
})

test('without a version it is the first', () => {
  expect(parseConsumer('acme')).toEqual({ consumer: 'acme', version: 1 })
})

test.each([
  [undefined, '1', 'CONSUMER is not set'],
  ['a b', '1', 'CONSUMER=a b is no name of a consumer: it must be 1 to 128 of'],
  ['a'.repeat(129), '1', 'is no name of a consumer'],
  ['a', '0', 'CONSUMER_VERSION=0 is not a version'],
  ['a', '1e3', 'CONSUMER_VERSION=1e3 is not a version'],
  ['a', '1000000000', 'is not a version'],
])('the consumer %j with version %j is refused', (consumer, version, what) => {
  expect(() => parseConsumer(consumer, version)).toThrow(what)
})

test('a list has a name in each line, and a version if it has another one', () => {
  expect(parseConsumers('acme\n globex 2\r\n\ninitech 7 \n', '3')).toEqual([
    { consumer: 'acme', version: 3 },
    { consumer: 'globex', version: 2 },
    { consumer: 'initech', version: 7 },
  ])
})

test.each([
  ['no name', '\n \n', 'there is none'],
  ['a wrong name', 'acme\nglobex,2', 'CONSUMER=globex,2 is no name of a consumer'],
  ['two versions', 'acme 1 2', 'CONSUMER_VERSION=1 2 is not a version'],
])('a list with %s is refused', (_, list, what) => {
  expect(() => parseConsumers(list, undefined)).toThrow(what)
})

describe('a file is refused without its content if it has', () => {
  test.each([
    ['a raw key', randomBytes(32).toString('base64'), 'does not begin with whsec_'],
    ['a key with a newline', `${good}\n`, 'ends with a newline'],
    ['no base64', `whsec_!${good.slice(7)}`, 'is not base64 after whsec_'],
    ['a short key', `whsec_${randomBytes(13).toString('base64')}`, 'shorter than 14 bytes'],
  ])('%s', async (_, text, what) => {
    const error = await readKey(text).catch((each) => each)
    expect(error).toMatchObject({ name: 'UserError', message: expect.stringContaining(what) })
    expect(error.message).not.toContain(text.trim().slice(7))
    expect(error.todo).toContain('docs/key-managers.md#webhook-keys')
  })
})
