// Each signature of a signer is found in its audit log, and one that the signer did not make is not.
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { createAuditChain } from '../../../signer/audit-chain.ts'
import { formatAuditLines } from '../../../signer/audit-lines.ts'
import { fingerprintOf } from '../../../tools/verify/audit/signatures.ts'
import { runAudit } from '../../support/audit/run-audit.ts'
import { makeFolder } from '../../support/folder.ts'
import { askPaired, startSigner } from '../../support/services/services.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS, hookTimeout: PROCESS_TEST_MS })

const key = randomBytes(32)
const entries = { 'key-1': key, primary: 'key-1', 'audit-key': randomBytes(32) }
const files = { log: '', key: '' }
const signatures: string[] = []
const [SINGLE, BATCHES, BATCH] = [1_000, 9, 1_000]
const AT_ONCE = 20

function audit(program: string, input: readonly string[] = []) {
  const env = { FILES: files.log, AUDIT_KEY_FILE: files.key, SIGNATURE: '-', PROMETHEUS_URL: '' }
  return runAudit(program, env, input.join('\n'))
}

beforeAll(async () => {
  const started = await startSigner(entries)
  let { signer } = started
  await signer.waitFor('listening')
  for (let done = 0; done < SINGLE; done += AT_ONCE) {
    const answers = Array.from({ length: AT_ONCE }, (_, index) =>
      askPaired(started, '/sign', { message: `single ${done + index}` }),
    )
    for (const { body } of await Promise.all(answers)) signatures.push(String(body.signature))
  }
  signer.signal('SIGTERM')
  await signer.exit
  const before = signer.output()
  signer = started.restart()
  await signer.waitFor('listening')
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const messages = Array.from({ length: BATCH }, (_, index) => `batch ${batch} ${index}`)
    const isItems = batch % 2 === 1
    const items = messages.map((message, index) => ({ request_id: `${batch}-${index}`, message }))
    const { body } = await askPaired(started, '/sign/batch', isItems ? { items } : { messages })
    const made = isItems
      ? (body.results as { signature: string }[]).map(({ signature }) => signature)
      : (body.signatures as string[])
    signatures.push(...made)
  }
  await askPaired(started, '/sign', { message: 1 })
  await askPaired(started, '/verify', { message: 'a', signature: signatures[0] })
  const folder = await makeFolder()
  files.log = join(folder, 'signer.log')
  files.key = join(folder, 'audit.key')
  await writeFile(files.log, before + signer.output())
  await writeFile(files.key, entries['audit-key'])
})

describe('10,000 signatures, single, in batches and for several callers', () => {
  test('are intact records', async () => {
    const { code, stdout } = await audit('verify-audit.ts')
    expect(stdout).toMatch(/^\d+ records intact: 10000 signatures of 2 signer instances, from /)
    expect(code).toBe(0)
  })

  test('are found', async () => {
    expect(new Set(signatures).size).toBe(10_000)
    const { code, stdout } = await audit('who-signed.ts', signatures)
    const found = stdout.trimEnd().split('\n')
    expect(found.length).toBe(10_000)
    expect(found.map((line) => line.slice('signature='.length, 10 + 64))).toEqual(signatures)
    expect(
      found.filter((line) => !/ time=\S+ request_id=\S+ .*caller=\S+ key_id=key-1 /.test(line)),
    ).toEqual([])
    expect(found.filter((line) => line.includes(' request_id=3-7 '))).toHaveLength(1)
    expect(code).toBe(0)
  })

  test('are told from 10,000 that the thief of the signing key made', async () => {
    const forged = Array.from({ length: 10_000 }, (_, index) =>
      createHmac('sha256', key).update(`forged ${index}`).digest('base64'),
    )
    const { code, stdout, stderr } = await audit('who-signed.ts', forged)
    const lines = stdout.trimEnd().split('\n')
    expect(lines.filter((line) => line.endsWith(' not by these signers'))).toHaveLength(10_000)
    expect(stderr).toContain('that key has leaked')
    expect(code).toBe(1)
  })
})

test('who has the signing key cannot write records', async () => {
  const chain = createAuditChain(() => createSecretKey(key))
  const made = createHmac('sha256', key).update('forged').digest()
  const fingerprints = [fingerprintOf(made)]
  const record = { outcome: 'signed', count: 1, key_id: 'key-1', fingerprints }
  const [line = ''] = formatAuditLines([record], new Date().toISOString())
  await appendFile(files.log, chain.seal(line))
  const verified = await audit('verify-audit.ts')
  expect(verified.stdout).toMatch(/FAULT .*edited or forged: its MAC does not fit\n1 fault\. /)
  const found = await audit('who-signed.ts', [made.toString('hex')])
  expect(found.stdout).toMatch(/ record=wrong\n$/)
  expect([verified.code, found.code]).toEqual([1, 3])
})
