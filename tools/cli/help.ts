// make help: prints the targets of the Makefile and the variables that they take, in 100 columns.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from './checkout.ts'
import { listVariables } from './make-variables.ts'

const COLUMNS = 100
const NAME_COLUMNS = 24

const makefile = readFileSync(join(CHECKOUT, 'Makefile'), 'utf8')
const lines = ['Usage: make TARGET [VARIABLE=value ...]']
for (const [, group, target = '', text = ''] of makefile.matchAll(
  /^##@ (.*)|^([a-z-]+):.*## (.*)/gm,
)) {
  if (group === undefined) lines.push(...formatRow(target, text))
  else lines.push('', group)
}
lines.push('', 'Variables')
for (const { name, value, meaning, targets } of listVariables()) {
  const takers = targets === 'cluster' ? 'any' : targets.join(', ')
  lines.push(...formatRow(value === 'yes' ? `${name}=yes` : name, `${meaning} (${takers})`))
}
lines.push(
  '',
  'up, test and test-* run deploy and take its variables. Values: docs/configuration.md',
)
process.stdout.write(`${lines.join('\n')}\n`)

/** A name, and beside it a text that is wrapped at words. */
function formatRow(name: string, text: string): string[] {
  const rows = ['']
  for (const word of text.split(' ')) {
    const row = rows.at(-1)
    const isFull = `${row} ${word}`.length > COLUMNS - NAME_COLUMNS - 2
    if (isFull) rows.push(word)
    else rows[rows.length - 1] = row === '' ? word : `${row} ${word}`
  }
  return rows.map((row, index) => `  ${(index === 0 ? name : '').padEnd(NAME_COLUMNS)}${row}`)
}
