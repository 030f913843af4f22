// The commands of docs/key-managers.md, with a file in the place of the key manager. The signer accepts each value that they write.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { loadKeyFiles } from '../../../signer/keys/key-files.ts'
import { run, tryRun } from '../../../tools/cli/exec.ts'
import { makeFolder, makeVolume } from '../../support/folder.ts'
import { findCommand, makeKey } from '../../support/pages/external-secrets-page.ts'
import { NO_JQ, skipUnless } from '../../support/skips.ts'

const value = z.record(z.string(), z.base64())
const hasJq = (await tryRun('jq', ['--version'])).code === 0

/** The manager replaces its value when it has read all of the next one. */
const manager =
  'create() { put; }; get() { cat value; }; put() { local v; v=$(cat); printf %s "$v" > value; }'

describe('the commands of the page', skipUnless(hasJq, NO_JQ), () => {
  let cwd: string
  beforeEach(async () => {
    cwd = await makeFolder()
  })

  async function runCommand(command: string, input = ''): Promise<void> {
    const script = [manager, makeKey, command].join('\n')
    await run('bash', ['-euo', 'pipefail', '-c', script], { cwd, input })
  }

  /** Returns the keys that the signer reads, after decoding as with the ExternalSecret's decodingStrategy Base64. */
  async function load() {
    const entries = value.parse(JSON.parse(await readFile(join(cwd, 'value'), 'utf8')))
    const decoded = Object.entries(entries).map(([id, text]) => [id, Buffer.from(text, 'base64')])
    const { ring, shortKeys } = await loadKeyFiles(await makeVolume(Object.fromEntries(decoded)))
    return { primary: ring.primary.id, ids: [...ring.keys.keys()], shortKeys }
  }

  test('the first value, and the three steps of a rotation after it', async () => {
    for (const [title, primary, ids] of [
      ['the first value', 'key-1', ['key-1']],
      ['1. add', 'key-1', ['key-1', 'key-2']],
      ['2. make it primary', 'key-2', ['key-1', 'key-2']],
      ['3. retire', 'key-2', ['key-2']],
    ] as const) {
      await runCommand(findCommand(title))
      expect({ title, ...(await load()) }).toEqual({ title, primary, ids, shortKeys: [] })
    }
  })

  test('a Secret moves unchanged, and gets a primary if it has none', async () => {
    const bytes = Buffer.from('00ff80'.repeat(11), 'hex').toString('base64')
    const move = /\| (jq -c '\.data .*)/.exec(findCommand('the key that signs now'))?.[1] ?? ''
    await runCommand(move, JSON.stringify({ data: { 'key-1': bytes } }))
    expect(await load()).toEqual({ primary: 'key-1', ids: ['key-1'], shortKeys: [] })
    const moved = value.parse(JSON.parse(await readFile(join(cwd, 'value'), 'utf8')))
    expect(moved['key-1']).toBe(bytes)
  })
})
