// The README is short, the index leads to every page, and the security model names the policies that are declared.
import { relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { callers, declare } from '../../../tools/verify/matrix/declared.ts'
import { requests } from '../../../tools/verify/matrix/declared-table.ts'
import { listTables, pages, readFile } from '../../support/pages/pages.ts'

const index = 'docs/README.md'

describe('who may do what', () => {
  const rows = listTables('docs/security-model.md').find(([row]) => row?.['who may'] !== undefined)
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

test.each(pages.filter((page) => page !== index))('the index leads to %s', (page) => {
  expect(readFile(index)).toContain(`](${relative('docs', page)}`)
})

test('the README has at most 900 words besides its commands', () => {
  const text = readFile('README.md').replace(/^ {4}.*$/gm, '')
  expect(text.trim().split(/\s+/).length).toBeLessThanOrEqual(900)
})
