// The commands of docs/wire-format.md call a real signer at its socket, in bash and with curl and openssl.
import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { run } from '../../../tools/cli/exec.ts'
import { readFile } from '../../support/pages/pages.ts'
import { startSigner } from '../../support/services/services.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const blocks = readFile('docs/wire-format.md').matchAll(/^```bash\n(.*?)^```$/gms)
const [script = '', webhook = '', derivation = ''] = [...blocks].map(([, text]) => text)
const key = randomBytes(32)
const keys = { 'key-1': key, 'webhook-1': `whsec_${randomBytes(32).toString('base64')}` }
const signature = createHmac('sha256', key).update('hello').digest('hex')

async function start() {
  const pair = await startSigner(keys, 0, { SIGNER_PEER: 'container' })
  await pair.signer.waitFor('listening')
  return pair
}

/** Runs commands of the page with the paths of this signer. Returns the answers and other lines. */
async function runScript(
  { socket, pairingDir, keyDir }: { socket: string; pairingDir: string; keyDir: string },
  text = script,
) {
  const own = text
    .replace('/run/signer/signer.sock', socket)
    .replace('/run/pairing/secret', join(pairingDir, 'secret'))
    .replace('/run/key/', `${keyDir}/`)
  const output = await run('bash', ['-euo', 'pipefail', '-c', own])
  const lines = output.replaceAll('}{', '}\n{').replaceAll('}v1', '}\nv1').trim().split('\n')
  return lines.map((line) => (line.startsWith('{') ? JSON.parse(line) : line))
}

test('signs a message and lists the keys', async () => {
  expect(await runScript(await start())).toEqual([
    { signature, key_id: 'key-1', algorithm: 'HMAC-SHA256' },
    {
      keys: [
        { key_id: 'key-1', form: 'raw', state: 'primary' },
        { key_id: 'webhook-1', form: 'webhook', state: 'primary' },
      ],
    },
  ])
})

test('signs a webhook, and the secret that the page derives gives the same signature', async () => {
  const pair = await start()
  const answer = (await runScript(pair, script + webhook)).at(-1)
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
    'webhook-signature': expect.stringMatching(/^v1,[\w+/]{43}=$/),
  }
  expect(answer).toEqual({ headers, key_ids: ['webhook-1'] })
  const { 'webhook-timestamp': time, 'webhook-signature': signed } = answer.headers
  const derive = script + derivation.replace('1764445000', time)
  expect((await runScript(pair, derive)).at(-1)).toBe(signed)
  expect((await runScript(pair, derive.replace('1 acme', '2 acme'))).at(-1)).not.toBe(signed)
})

test.each([
  ['signs another method', '"$1" "$2" "$digest"', 'PUT "$2" "$digest"'],
  ['signs another path', '"$1" "$2" "$digest"', '"$1" /verify "$digest"'],
  ['signs another key', '0x5c', '0x5d'],
  ['leaves out a parameter', ';keyid="pairing"', ''],
])('is refused if it %s', async (_, part, other) => {
  expect(script).toContain(part)
  const answers = await runScript(await start(), script.replace(part, other))
  expect(answers[0]).toMatchObject({ status: 403, code: 'pairing_refused' })
})
