// docs/test-coverage.md: each promise and each attack, with the tests that show it.
import type { AttackGroup, Evidence, Promised } from './coverage/entries.ts'
import { faultAttacks } from './coverage/fault-attacks.ts'
import { operationPromises } from './coverage/operation-promises.ts'
import { policyAttacks } from './coverage/policy-attacks.ts'
import { securityPromises } from './coverage/security-promises.ts'
import { asCode } from './markdown.ts'

export const promises: Readonly<Record<string, readonly Promised[]>> = {
  ...securityPromises,
  ...operationPromises,
}
/** They are numbered from 1, in this order. */
export const attackGroups: readonly AttackGroup[] = [...policyAttacks, ...faultAttacks]

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
    'The tests in `test/vault`, `test/external-secrets`, `test/separate-pods`, `test/confinement` and `test/monitoring` have targets of',
    'their own, such as `make test-vault`. [Support](support.md) lists what no test covers.',
    '',
    '## Promises',
    ...Object.entries(promises).flatMap(([title, items]) => [
      `### ${title}`,
      ...items.flatMap(({ promise, shownBy }) => [`- ${promise}`, ...shownBy.map(formatEvidence)]),
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

function formatEvidence([file, title]: Evidence): string {
  return `  - ${asCode(file)}${title === undefined ? '' : ` “${title}”`}`
}

function formatAttacks(): string[] {
  let number = 0
  return attackGroups.flatMap(({ title, attacks }) => [
    `### ${title}`,
    ...attacks.flatMap(({ attacker, attempt, expected, shownBy }) => {
      number += 1
      return [
        `- **Attack ${number}.** ${attacker.charAt(0).toUpperCase()}${attacker.slice(1)} ${attempt}.`,
        `  - Expected: ${expected}.`,
        ...shownBy.map((file) => formatEvidence([file])),
      ]
    }),
    '',
  ])
}
