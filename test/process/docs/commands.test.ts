// Every command of README and docs/ is run: make's here without its recipes, kubectl's in test/integration/commands/commands.test.ts.
// What is not is listed, with the reason.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { listVariables } from '../../../tools/cli/make-variables.ts'
import { parseComponents } from '../../../tools/deploy/render/components.ts'
import { parseDuration } from '../../../tools/deploy/rotation/duration.ts'
import { parseOverlay } from '../../../tools/kube/layouts.ts'
import { type Command, listCommands, listOf } from '../../support/pages/commands.ts'
import { elsewhere, findElsewhere } from '../../support/pages/commands-elsewhere.ts'
import { pages, readFile } from '../../support/pages/pages.ts'
import { askToSign, startFrontendAtSocket, startSigner } from '../../support/services/services.ts'

const commands = listCommands()
const isMake = ({ text }: Command) => /^make\b/.test(text)
const isKubectl = ({ text }: Command) => text.startsWith('kubectl ')

test.each(commands)('$page: $text is run, or there is a reason', (command) => {
  const isRun = isMake(command) || isKubectl(command)
  expect(isRun || findElsewhere(command) !== undefined).toBe(true)
})

describe('a command that is not run', () => {
  test.each(elsewhere)('is there: $page: $starts', ({ page, starts, why }) => {
    const meant = commands.filter((each) => findElsewhere(each)?.starts === starts)
    expect(meant.filter((each) => each.page === page)).not.toEqual([])
    const [file] = /\b\w+\/[\w/.-]+\.ts/.exec(why) ?? []
    if (file !== undefined) expect(existsSync(join(CHECKOUT, file)), file).toBe(true)
  })
})

describe('make', () => {
  const known = new Map(listVariables().map(({ name, value }) => [name, value]))
  /** In the text, too; an ellipsis stands for what is the reader's. */
  const inline = pages.flatMap((page) =>
    [...readFile(page).matchAll(/`(make [a-z][^`]*)`/g)].map(([, text = '']) =>
      text.replace(/ …$/, ''),
    ),
  )
  const texts = [...new Set([...commands.filter(isMake).map(({ text }) => text), ...inline])]

  test('is in the pages', () => expect(texts.length).toBeGreaterThan(20))

  test.each(texts)('knows: %s', async (text) => {
    const script = text.replace(/^make\b/, 'make --dry-run --no-print-directory')
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

test('the first request of the README gets the answer that is there', async () => {
  const { signer, socket, pairingDir } = await startSigner({ 'key-1': 'k'.repeat(32) })
  await signer.waitFor('listening')
  const { url } = await startFrontendAtSocket({ socket, pairingDir })
  const [, line = '', wanted = '{}'] = /\$ (curl .*)\n\s+(\{.*\})/.exec(readFile('README.md')) ?? []
  const script = line.replace('http://127.0.0.1:18080', url)
  expect(script).toContain(url)
  const answer = JSON.parse(await run('bash', ['-euo', 'pipefail', '-c', script]))
  const { body } = await askToSign(socket, pairingDir, 'HELLO')
  expect(answer).toEqual({ ...JSON.parse(wanted), signature: body.signature })
})

test('a page’s commands are found: indented, in a list, prompted, over several lines, with what is no command', () => {
  const page = [
    'text\n\n    make up   # a comment\n    # another\n    a |\n      b \\\n        c\n\n1. one\n\n        make deploy',
    '\n\n    $ curl x\n    {"a":1}\n\n```\nkubectl get a\n```\n\n```yaml\nkind: A\n```\n\n    {"b": 1}\n\nSo `kubectl drain\nNODE --force` it, not `kubectl exec`.\n',
  ].join('')
  expect(listOf(page)).toEqual([
    'make up',
    'a | b  c',
    'make deploy',
    'curl x',
    'kubectl get a',
    'kubectl drain NODE --force',
  ])
})
