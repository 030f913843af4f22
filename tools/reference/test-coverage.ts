// docs/test-coverage.md: each promise and each attack of test-coverage.yaml, with the tests that show it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { asCode } from './markdown.ts'

const shownBy = z.array(z.string()).min(1)
const attack = z.strictObject({
  ...{ attacker: z.string(), attempt: z.string(), expected: z.string(), shownBy },
})
const data = z.strictObject({
  promises: z.record(z.string(), z.array(z.strictObject({ promise: z.string(), shownBy }))),
  attacks: z.record(z.string(), z.array(attack)),
})

const file = join(import.meta.dirname, 'test-coverage.yaml')
export const { promises, attacks } = data.parse(parse(readFileSync(file, 'utf8')))

/** Splits "file “title”". */
export function splitEvidence(text: string): { file: string; title?: string | undefined } {
  const [, name = text, title] = /^(\S+) “(.*)”$/s.exec(text) ?? []
  return { file: name, title }
}

export function renderTestCoverage(): string {
  return `${[
    '# Test coverage',
    'Made by `make docs`. The first part lists what is promised, and the second part each attack. Under each are the tests that show it.',
    '',
    'Attacks run on a live cluster, between two requests that must succeed. The signer’s own counter and audit log must show that nothing',
    'was signed in between.',
    '',
    'To run one file on the current deployment, give its name:',
    '',
    '    make test TEST=test/policy/refuses-other-pods.test.ts',
    '',
    'The tests in `test/vault`, `test/external-secrets`, `test/separate-pods`, `test/no-mesh`, `test/confinement`,',
    '`test/monitoring`, `test/cluster-settings`, `test/token-keys`, `test/examples`, `test/incident`, `test/webhooks` and `test/judges` have targets of their own, such as `make test-vault`.',
    '[Support](support.md) lists what no test covers.',
    '',
    '## Promises',
    ...Object.entries(promises).flatMap(([title, items]) => [
      `### ${title}`,
      ...items.flatMap(({ promise, shownBy: all }) => [`- ${promise}`, ...all.map(formatEvidence)]),
      '',
    ]),
    '## Attacks',
    'The comments in the tests and the [measured faults](measurements.md) use these numbers.',
    '',
    ...formatAttacks(),
  ]
    .join('\n')
    .trimEnd()}\n`
}

function formatEvidence(text: string): string {
  const { file: name, title } = splitEvidence(text)
  return `  - ${asCode(name)}${title === undefined ? '' : ` “${title}”`}`
}

function formatAttacks(): string[] {
  let number = 0
  return Object.entries(attacks).flatMap(([title, all]) => [
    `### ${title}`,
    ...all.flatMap(({ attacker, attempt, expected, shownBy: files }) => {
      number += 1
      return [
        `- **Attack ${number}.** ${attacker.charAt(0).toUpperCase()}${attacker.slice(1)} ${attempt}.`,
        `  - Expected: ${expected}.`,
        ...files.map(formatEvidence),
      ]
    }),
    '',
  ])
}
