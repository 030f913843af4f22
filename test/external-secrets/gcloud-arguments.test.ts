// Whether gcloud has the arguments that docs/key-managers.md uses. gcloud itself is on no package registry.
import { expect, test } from 'vitest'
import { readFile } from '../support/pages/pages.ts'
import { fetchSecretsCommand, findMistake } from './support/google/gcloud-arguments.ts'

const known = await fetchSecretsCommand()
const page = readFile('docs/key-managers.md').replaceAll('\\\n', '')
const written = [...page.matchAll(/gcloud secrets ([^;`\n]+)/g)].map(([, rest = '']) =>
  rest.trim().split(/\s+/),
)
/** The page says to revoke with the same arguments. */
const revoke = written
  .filter(([first]) => first === 'add-iam-policy-binding')
  .map((words) => ['remove-iam-policy-binding', ...words.slice(1)])
const commands = [...written, ...revoke]

test.each(commands.map((words) => [words.join(' ').slice(0, 60), words] as const))(
  'gcloud has the command and the arguments: %s',
  (_, words) => expect(findMistake(known, words)).toBeUndefined(),
)

test('these are all commands of the page', () => {
  expect(commands).toHaveLength(6)
})

test.each([
  ['versions show latest --project PROJECT', 'no command show'],
  ['versions access latest --projekt PROJECT', 'no argument --projekt'],
  ['versions access --project PROJECT', '0 words, not 1'],
  ['versions access latest --project', 'no value of --project'],
  ['add-iam-policy-binding s --role r --assignee a', 'no argument --assignee'],
])('it would refuse %s', (line, mistake) => {
  expect(findMistake(known, line.split(' '))).toBe(mistake)
})
