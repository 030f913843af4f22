// The commands of docs/wire-format.md call a real signer at its socket, in bash and with curl and openssl.
import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { run } from '../../../tools/cli/exec.ts'
import { readFile } from '../../support/pages/pages.ts'
import { startSigner } from '../../support/services/services.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const [, script = ''] = /^```bash\n(.*?)^```$/ms.exec(readFile('docs/wire-format.md')) ?? []
const key = randomBytes(32)
const signature = createHmac('sha256', key).update('hello').digest('hex')

/** Runs the page's script with the paths of this signer. Returns the answers. */
async function runScript(
  { socket, pairingDir }: { socket: string; pairingDir: string },
  text = script,
): Promise<unknown[]> {
  const own = text
    .replace('/run/signer/signer.sock', socket)
    .replace('/run/pairing/secret', join(pairingDir, 'secret'))
  const output = await run('bash', ['-euo', 'pipefail', '-c', own])
  return output
    .replaceAll('}{', '}\n{')
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('signs a message and lists the keys', async () => {
  const pair = await startSigner({ 'key-1': key }, 0, { SIGNER_PEER: 'container' })
  await pair.signer.waitFor('listening')
  expect(await runScript(pair)).toEqual([
    { signature, key_id: 'key-1', algorithm: 'HMAC-SHA256' },
    { keys: [{ key_id: 'key-1', state: 'primary' }] },
  ])
})

test.each([
  ['signs another method', '"$1" "$2" "$digest"', 'PUT "$2" "$digest"'],
  ['signs another path', '"$1" "$2" "$digest"', '"$1" /verify "$digest"'],
  ['signs another key', '0x5c', '0x5d'],
  ['leaves out a parameter', ';keyid="pairing"', ''],
])('is refused if it %s', async (_, part, other) => {
  const pair = await startSigner({ 'key-1': key }, 0, { SIGNER_PEER: 'container' })
  await pair.signer.waitFor('listening')
  expect(script).toContain(part)
  const answers = await runScript(pair, script.replace(part, other))
  expect(answers[0]).toMatchObject({ status: 403, code: 'pairing_refused' })
})
