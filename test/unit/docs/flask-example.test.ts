// examples/flask/README.md shows what changes in an application.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'

const read = (file: string) => readFileSync(join(CHECKOUT, 'examples/flask', file), 'utf8')

test('the example has the lines that its README adds, at most three, and not those that it removes', () => {
  const diff = /```diff\n([\s\S]*?)```/.exec(read('README.md'))?.[1]?.trimEnd().split('\n') ?? []
  const choose = (mark: string) =>
    diff.filter((line) => line.startsWith(mark)).map((line) => line.slice(1))
  const [added, removed, kept] = [choose('+'), choose('-'), choose(' ')]
  const code = read('app.py').split('\n')
  expect(code).toEqual(expect.arrayContaining([...added, ...kept]))
  for (const line of removed) expect(code).not.toContain(line)
  expect(added.length).toBeGreaterThan(0)
  expect(added.length).toBeLessThanOrEqual(3)
  // Nothing else of the example knows the signer.
  const others = code.filter((line) => !added.includes(line)).join('\n')
  expect(others).not.toMatch(/secure_signing|signer/)
  expect(read('deployment.yaml')).not.toMatch(/sign/)
})
