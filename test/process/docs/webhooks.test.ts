// The code of docs/webhooks.md runs: the sender before and after its change, a receiver that moves, and bodies without dots. The signer
// is real, and npm's library verifies.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { beforeAll, expect, test } from 'vitest'
import { createWebhookSigner } from '../../../client/index.ts'
import { run } from '../../../tools/cli/exec.ts'
import { findBlock } from '../../support/pages/blocks.ts'
import { readFile } from '../../support/pages/pages.ts'
import { startSigner } from '../../support/services/services.ts'
import { deriveKey, toSecret } from '../../support/webhooks/receivers.ts'

const page = 'docs/webhooks.md'
const [master, acme] = [randomBytes(32), randomBytes(24)]
const id = 'msg_order-17'
const body = '{"type":"order.created","data":{"price":19.99}}'
type Sign = ReturnType<typeof createWebhookSigner>
let signWebhook: Sign

beforeAll(async () => {
  const { signer, socket, pairingDir } = await startSigner(
    {
      'webhook-1': toSecret(master),
      acme: toSecret(acme),
      'webhook-primary': 'webhook-1',
    },
    0,
    { SIGNER_PEER: 'container' },
  )
  await signer.waitFor('listening')
  const environment = {
    SIGNER_URL: `unix:${socket}:/sign`,
    CALLER_TOKEN_FILE: 'none',
    PAIRING_SECRET_FILE: join(pairingDir, 'secret'),
  }
  signWebhook = createWebhookSigner({ environment })
})

/** Makes a function of code of the page. */
function compile(code: string, result: string, ...names: string[]) {
  return new Function(...names, `return (async () => { ${code}; return ${result} })()`)
}

test('Express: a receiver accepts the old and the changed sender, and refuses a consumer. A new one accepts its consumer', async () => {
  const diff = findBlock(page, 'diff', 'new Webhook').split('\n')
  const choose = (mark: string) =>
    diff
      .filter((line) => line.startsWith(mark) && !line.includes('import '))
      .map((line) => line.slice(1))
  const before = compile(choose('-').join('\n'), 'headers', 'Webhook', 'secret', 'id', 'body')
  const code = choose('+').filter((line) => !line.includes('createWebhookSigner'))
  const after = compile(code.join('\n'), 'headers', 'signWebhook', 'id', 'body')
  const known = new Webhook(toSecret(acme))
  expect(known.verify(body, await before(Webhook, toSecret(acme), id, body))).toEqual(
    JSON.parse(body),
  )
  expect(known.verify(body, await after(signWebhook, id, body))).toEqual(JSON.parse(body))
  const [options = ''] = /\{ id, consumer: 'newco' \}/.exec(readFile(page)) ?? []
  const sent = await compile(
    '',
    `signWebhook(body, ${options})`,
    'signWebhook',
    'id',
    'body',
  )(...[signWebhook, id, body])
  expect(() => known.verify(body, sent)).toThrow('No matching signature')
  const added = new Webhook(toSecret(deriveKey(master, 'newco')))
  expect(added.verify(body, sent)).toEqual(JSON.parse(body))
})

test('a receiver that moves accepts a webhook with its old and with its new secret', async () => {
  const code = findBlock(page, 'js', 'signForBoth')
  const signForBoth = await compile(code, 'signForBoth', 'signWebhook')(signWebhook)
  for (let round = 0; round < 20; round += 1) {
    const headers = await signForBoth(body, id)
    for (const key of [acme, deriveKey(master, 'acme')]) {
      expect(new Webhook(toSecret(key)).verify(body, headers)).toEqual(JSON.parse(body))
    }
  }
})

/** A signer in Python whose clock is a second later at the second call. It prints each call. */
const fakeSigner = `
import itertools, json, re
ticks = itertools.chain([1, 2], itertools.repeat(3))
class signer:
    def sign_webhook(body, **options):
        headers = {"webhook-id": options["id"], "webhook-timestamp": str(next(ticks)), "webhook-signature": "v1," + json.dumps(options, sort_keys=True)}
        return headers`

test('Flask: the changed lines name the key of the receiver, and a moving receiver gets both signatures of one time', async () => {
  const line = /^\+ {4}(headers = signer.*)$/m.exec(findBlock(page, 'diff', 'signer_session'))?.[1]
  const code = `${fakeSigner}
${findBlock(page, 'python', 'def sign_for_both')}
joined = sign_for_both("{}", "msg_1")
id, body = "msg_2", "{}"
${line}
print(json.dumps([joined, headers]))`
  const [old, own] = ['{"id": "msg_1", "key_id": "acme"}', '{"consumer": "acme", "id": "msg_1"}']
  expect(JSON.parse(await run('python3', ['-c', code]))).toEqual([
    {
      ...{ 'webhook-id': 'msg_1', 'webhook-timestamp': '3' },
      'webhook-signature': `v1,${old} v1,${own}`,
    },
    {
      ...{ 'webhook-id': 'msg_2', 'webhook-timestamp': '3' },
      'webhook-signature': 'v1,{"id": "msg_2", "key_id": "acme"}',
    },
  ])
})

const events = [
  { file: 'backup.1900000000.tar.gz' },
  { text: 'a \\.1900000000.b "c".', more: ['.1900000000. ', 1.5] },
  { 'key.1900000000.x': 1.25 },
]

test.each(events)(
  'a body with dots between numbers is refused, and passes with them escaped: %j',
  async (event) => {
    await expect(signWebhook(JSON.stringify(event), { id })).rejects.toMatchObject({
      ...{ code: 'ambiguous_body', isPermanent: true },
    })
    const written = await compile(findBlock(page, 'js', 'replaceAll'), 'body', 'event')(event)
    const code = `import json, re, sys\nevent = json.load(sys.stdin)\n${findBlock(page, 'python', 're.sub')}\nprint(body)`
    const python = await run('python3', ['-c', code], { input: JSON.stringify(event) })
    for (const each of [written, python.trim()]) {
      expect(JSON.parse(each)).toEqual(event)
      const headers = await signWebhook(each, { id, consumer: 'acme' })
      const receiver = new Webhook(toSecret(deriveKey(master, 'acme')))
      expect(receiver.verify(each, headers)).toEqual(event)
    }
  },
)

test('numbers with ten decimals may be refused, and pass with nine', async () => {
  await expect(signWebhook('{"a":1.2345678901,"b":0.5}')).rejects.toMatchObject({
    code: 'ambiguous_body',
  })
  await expect(signWebhook('{"a":1.234567890,"b":0.5}')).resolves.toBeDefined()
})
