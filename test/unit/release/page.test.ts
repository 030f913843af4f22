// docs/supply-chain.md: each command in it is a target of the Makefile, or said not to have been run here.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const paragraphs = readFileSync(resolve(root, 'docs/supply-chain.md'), 'utf8').split('\n\n')
const makefile = readFileSync(resolve(root, 'Makefile'), 'utf8')
const commands = paragraphs.flatMap((paragraph, place) =>
  [...paragraph.matchAll(/^ {4}(.*)$/gm)].map(([, line = '']) => ({
    line,
    before: paragraphs[place - 1] ?? '',
  })),
)

test('it has commands', () => expect(commands.length).toBeGreaterThan(5))

test.each(commands)('$line', ({ line, before }) => {
  const target = /^make ([a-z-]+)/.exec(line)?.[1]
  if (target === undefined) expect(before.replaceAll('\n', ' ')).toMatch(/not run here: .*\):$/)
  else expect(makefile).toMatch(new RegExp(`^${target}:`, 'm'))
})
