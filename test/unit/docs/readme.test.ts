// The README can be read at once and leads to every page; what the pages say of who may do what is what is declared.
import { describe, expect, test } from 'vitest'
import { callers, declare } from '../../../tools/verify/matrix/declared.ts'
import { requests } from '../../../tools/verify/matrix/declared-table.ts'
import { listTables, pages, readFile } from '../../support/pages/pages.ts'

const readme = readFile('README.md')

describe('who may do what', () => {
  const rows = listTables('docs/architecture.md').find(([row]) => row?.['who may'] !== undefined)
  test.each(requests)('names the policy that opens $method $path', ({ id, method, path }) => {
    const served = callers
      .map((caller) => declare(caller.id, id))
      .find((declared) => declared?.verdict === 'served')
    const policy = served?.by[0]?.replace('AuthorizationPolicy/', '') ?? ''
    const row = rows?.find(({ 'do what': what = '', 'policy in `mesh/`': policies = '' }) => {
      return what.includes(path) && what.includes(method) && policies.includes(`\`${policy}\``)
    })
    expect(row).toBeDefined()
  })
})

test.each(pages.filter((page) => page !== 'README.md'))('it leads to %s', (page) => {
  expect(readme).toContain(`](${page})`)
})

test('it is no longer than can be read at once', () => {
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(150)
})
