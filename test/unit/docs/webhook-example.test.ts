// examples/webhooks/README.md shows what changes in a sender, and how a receiver notices a repeated webhook.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'

const read = (file: string) => readFileSync(join(CHECKOUT, 'examples/webhooks', file), 'utf8')
const readme = read('README.md')
const [, diff = ''] = /```diff\n([\s\S]*?)```/.exec(readme) ?? []
const choose = (mark: string) =>
  diff
    .split('\n')
    .filter((line) => line.startsWith(mark) && line.length > 1)
    .map((line) => line.slice(1))

test('the sender has the four lines that its README adds, and no other line knows the signer', () => {
  const [added, removed, kept] = [choose('+'), choose('-'), choose(' ')]
  const code = read('sender/app.js').split('\n')
  expect(code).toEqual(expect.arrayContaining([...added, ...kept]))
  for (const line of removed.filter((each) => each.length > 4)) expect(code).not.toContain(line)
  expect(added).toHaveLength(4)
  expect(removed).toHaveLength(8)
  const others = code.filter((line) => !added.includes(line) && !/^\s*(\/|$)|\/\//.test(line))
  expect(others.join('\n')).not.toMatch(/sign(er|Webhook)/)
  expect(read('deployment.yaml')).not.toMatch(/hmac|signer:/)
})

test('the receiver has the lines that the README shows', () => {
  const [, shown = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? []
  expect(shown).not.toBe('')
  expect(read('receiver/app.js')).toContain(shown)
})
