// The make commands of the pages name targets and variables that exist, and the README shows the answer of its first
// request. test/integration/commands/commands.test.ts runs the kubectl commands.
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { listVariables } from '../../../tools/cli/make-variables.ts'
import { parseComponents } from '../../../tools/deploy/render/components.ts'
import { parseDuration } from '../../../tools/deploy/rotation/duration.ts'
import { parseOverlay } from '../../../tools/kube/layouts.ts'
import { listCommands } from '../../support/pages/commands.ts'
import { pages, readFile } from '../../support/pages/pages.ts'
import { askToSign, startFrontendAtSocket, startSigner } from '../../support/services/services.ts'

describe('make', () => {
  const known = new Map(listVariables().map(({ name, value }) => [name, value]))
  /** Commands in the text. An ellipsis stands for the reader's own words. */
  const inline = pages.flatMap((page) =>
    [...readFile(page).matchAll(/`(make [a-z][^`]*)`/g)].map(([, text = '']) =>
      text.replace(/ …$/, ''),
    ),
  )
  const inBlocks = listCommands().flatMap(({ text }) => (/^make\b/.test(text) ? [text] : []))
  const texts = [...new Set([...inBlocks, ...inline])]

  test('is on the pages', () => expect(texts.length).toBeGreaterThan(20))

  test.each(texts)('knows: %s', async (text) => {
    // Without the reader's own files.
    const script = text
      .replace(/ [<>][\w./-]+/g, '')
      .replace(/^make\b/, 'make --dry-run --no-print-directory')
    await run('bash', ['-euo', 'pipefail', '-c', script], { cwd: CHECKOUT })
    const given = [...text.matchAll(/ ([A-Z_]+)=(?:'([^']*)'|(\S+))?/g)]
    for (const [, name = '', quoted, plain] of given) {
      const value = quoted ?? plain ?? ''
      expect([...known.keys()]).toContain(name)
      if (value.includes('…') || value === '') continue
      if (known.get(name) === 'yes') expect(value).toBe('yes')
      if (name === 'OVERLAY') parseOverlay(value)
      if (name === 'OVERLAP') parseDuration(name, value)
      if (name === 'COMPONENTS') await parseComponents(value)
    }
  })
})

test('the README shows the answer of its first request', async () => {
  const { signer, socket, pairingDir } = await startSigner({ 'key-1': 'k'.repeat(32) })
  await signer.waitFor('listening')
  const { url } = await startFrontendAtSocket({ socket, pairingDir })
  const [, line = '', wanted = '{}'] = /\$ (curl .*)\n\s+(\{.*\})/.exec(readFile('README.md')) ?? []
  const script = line.replace('http://127.0.0.1:8080', url)
  expect(script).toContain(url)
  const answer = JSON.parse(await run('bash', ['-euo', 'pipefail', '-c', script]))
  const { body } = await askToSign(socket, pairingDir, 'HELLO')
  expect(answer).toEqual({ ...JSON.parse(wanted), signature: body.signature })
})
