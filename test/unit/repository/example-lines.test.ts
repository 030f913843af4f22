// How much a user writes to put the signer beside the Flask example: the README says these figures.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'

const example = join(CHECKOUT, 'examples/flask')
/** The lines without blank ones and comments. */
const readLines = async (file: string) =>
  (await readFile(join(example, file), 'utf8'))
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))

test('signing.yaml of the Flask example has at most 25 lines', async () => {
  const lines = await readLines('signing.yaml')
  console.info(`signing.yaml: ${lines.length} lines`)
  expect(lines.length).toBeGreaterThan(5)
  expect(lines.length).toBeLessThanOrEqual(25)
})

test('three lines of the Flask example use the client', async () => {
  const lines = await readLines('app.py')
  const [, imported = 'none'] =
    /^from secure_signing\.\w+ import (\w+)$/m.exec(lines.join('\n')) ?? []
  const assigned = lines.flatMap(
    (line) => line.match(new RegExp(`^(\\w+) = .*\\b${imported}\\b`))?.slice(1) ?? [],
  )
  const names = new RegExp(`\\b(secure_signing|${[imported, ...assigned].join('|')})\\b`)
  const own = lines.filter((line) => names.test(line))
  console.info(`app.py: ${own.length} of ${lines.length} lines\n${own.join('\n')}`)
  expect(own).toHaveLength(3)
})
