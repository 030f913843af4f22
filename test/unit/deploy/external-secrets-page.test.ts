// The commands of docs/key-managers.md, with a file as key manager, make values that the signer accepts.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { loadKeyFiles } from '../../../signer/keys/key-files.ts'
import { run, tryRun } from '../../../tools/cli/exec.ts'
import { makeFolder, makeVolume } from '../../support/folder.ts'
import { findCommand, makeKey } from '../../support/pages/external-secrets-page.ts'
import { NO_JQ, skipUnless } from '../../support/skips.ts'

const value = z.record(z.string(), z.base64())
const hasJq = (await tryRun('jq', ['--version'])).code === 0

/** The manager: a value is replaced when all of the next one is there. */
const manager =
  'create() { put; }; get() { cat value; }; put() { local v; v=$(cat); printf %s "$v" > value; }'

describe('the page', skipUnless(hasJq, NO_JQ), () => {
  let cwd: string
  beforeAll(async () => {
    cwd = await makeFolder()
  })

  async function runCommand(command: string, input = ''): Promise<void> {
    const script = [manager, makeKey, command].join('\n')
    await run('bash', ['-euo', 'pipefail', '-c', script], { cwd, input })
  }

  /** What the signer makes of the value, decoded as an ExternalSecret's decodingStrategy Base64 has it. */
  async function load() {
    const entries = value.parse(JSON.parse(await readFile(join(cwd, 'value'), 'utf8')))
    const decoded = Object.entries(entries).map(([id, text]) => [id, Buffer.from(text, 'base64')])
    const { ring, shortKeys } = await loadKeyFiles(await makeVolume(Object.fromEntries(decoded)))
    return { primary: ring.primary.id, ids: [...ring.keys.keys()], shortKeys }
  }

  // In this order: each goes on from the one before.
  test.each([
    ['the first value', 'key-1', ['key-1']],
    ['1. add', 'key-1', ['key-1', 'key-2']],
    ['2. make it primary', 'key-2', ['key-1', 'key-2']],
    ['3. retire', 'key-2', ['key-2']],
  ])('%s: %s signs, %j verify', async (title, primary, ids) => {
    await runCommand(findCommand(title))
    expect(await load()).toEqual({ primary, ids, shortKeys: [] })
  })

  test('a Secret is moved as it is, and given a primary if it has none', async () => {
    const bytes = Buffer.from('00ff80'.repeat(11), 'hex').toString('base64')
    const move = /\| (jq -c '\.data .*)/.exec(findCommand('the key that signs now'))?.[1] ?? ''
    await runCommand(move, JSON.stringify({ data: { 'key-1': bytes } }))
    expect(await load()).toEqual({ primary: 'key-1', ids: ['key-1'], shortKeys: [] })
    const moved = value.parse(JSON.parse(await readFile(join(cwd, 'value'), 'utf8')))
    expect(moved['key-1']).toBe(bytes)
  })
})
