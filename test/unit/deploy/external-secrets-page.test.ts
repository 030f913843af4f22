// Runs the commands of docs/key-managers.md with a file as the key manager. The signer accepts each value that they make, with
// the keys that the page promises.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { loadKeyFiles } from '../../../signer/keys/key-files.ts'
import { run, tryRun } from '../../../tools/cli/exec.ts'
import { makeFolder, makeVolume } from '../../support/folder.ts'
import { findCommand, makeKey, makeWebhookKey } from '../../support/pages/external-secrets-page.ts'
import { NO_JQ, skipUnless } from '../../support/skips.ts'

const value = z.record(z.string(), z.base64())
const hasJq = (await tryRun('jq', ['--version'])).code === 0

/** The key manager. `put` replaces the value only after it has read all of its input. */
const manager =
  'create() { put; }; get() { cat value; }; put() { local v; v=$(cat); printf %s "$v" > value; }'

const steps = [
  ['the first value', 'key-1', ['key-1']],
  ['1. add', 'key-1', ['key-1', 'key-2']],
  ['2. make it primary', 'key-2', ['key-1', 'key-2']],
  ['3. retire', 'key-2', ['key-2']],
] as const

const webhookSteps = [
  ['the first webhook key', ['webhook-1']],
  ['add a second webhook key', ['webhook-1', 'webhook-2']],
  ['make the new webhook key primary', ['webhook-2', 'webhook-1']],
  ['retire the old webhook key', ['webhook-2']],
] as const

describe('the commands of the page', skipUnless(hasJq, NO_JQ), () => {
  let cwd: string
  beforeEach(async () => {
    cwd = await makeFolder()
  })

  async function runCommand(command: string, input = ''): Promise<void> {
    const script = [manager, makeKey, command].join('\n')
    await run('bash', ['-euo', 'pipefail', '-c', script], { cwd, input })
  }

  async function readValue(): Promise<Record<string, string>> {
    return value.parse(JSON.parse(await readFile(join(cwd, 'value'), 'utf8')))
  }

  /** Loads the value as the signer does. An ExternalSecret with the decodingStrategy Base64 decodes it. */
  async function loadRing() {
    const decoded = Object.entries(await readValue()).map(
      ([id, text]) => [id, Buffer.from(text, 'base64')] as const,
    )
    return loadKeyFiles(await makeVolume(Object.fromEntries(decoded)))
  }

  async function load() {
    const { ring, shortKeys } = await loadRing()
    return { primary: ring.raw[0]?.id, ids: ring.raw.map(({ id }) => id).sort(), shortKeys }
  }

  test('create a first key, and rotate it in three steps', async () => {
    const auditKeys = new Set<unknown>()
    for (const [title, primary, ids] of steps) {
      await runCommand(findCommand(title))
      expect(await load(), title).toEqual({ primary, ids, shortKeys: [] })
      const { 'audit-key': auditKey = '', ...others } = await readValue()
      expect(Buffer.from(auditKey, 'base64')).toHaveLength(32)
      expect(Object.values(others)).not.toContain(auditKey)
      auditKeys.add(auditKey)
    }
    expect(auditKeys.size).toBe(1)
  })

  test('add a webhook key, and rotate it in three steps beside the raw key', async () => {
    await runCommand(findCommand('the first value'))
    for (const [title, ids] of webhookSteps) {
      await runCommand([makeWebhookKey, findCommand(title)].join('\n'))
      const { ring, shortKeys } = await loadRing()
      expect(ring.webhook.map(({ id }) => id)).toEqual(ids)
      expect(ring.webhook[0]?.material.symmetricKeySize).toBe(32)
      expect([ring.raw.map(({ id }) => id), shortKeys]).toEqual([['key-1'], []])
    }
  })

  test('add an audit key to a value without one, and leave an existing one as it is', async () => {
    const bytes = Buffer.alloc(32, 7).toString('base64')
    await runCommand('put', JSON.stringify({ 'key-1': bytes }))
    await runCommand(findCommand('an audit key'))
    const value = await readValue()
    expect(value).toEqual({
      'key-1': bytes,
      primary: Buffer.from('key-1').toString('base64'),
      'audit-key': expect.stringMatching(/^[\w+/]{43}=$/),
    })
    await runCommand(findCommand('an audit key'))
    expect(await readValue()).toEqual(value)
  })

  test('move the key of a Secret unchanged, and name it as primary', async () => {
    const bytes = Buffer.from('00ff80'.repeat(11), 'hex').toString('base64')
    const move = /\| (jq -c '\.data .*)/.exec(findCommand('the key that signs now'))?.[1] ?? ''
    await runCommand(move, JSON.stringify({ data: { 'key-1': bytes } }))
    expect(await load()).toEqual({ primary: 'key-1', ids: ['key-1'], shortKeys: [] })
    expect((await readValue())['key-1']).toBe(bytes)
  })
})
