// The README says what is declared, and names only what there is.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { callers, declare } from '../policy/matrix/declared.ts'
import { requests } from '../policy/matrix/declared-table.ts'

const root = resolve(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The rows under a header that begins with `title`, cell by cell. */
function readTable(title: string): string[][] {
  const lines = readme.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${title} |`))
  const rows = lines.slice(start + 2)
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
}

describe('who may do what', () => {
  const rows = readTable('who may')
  test.each(requests)('names the policy that opens $method $path', ({ id, method, path }) => {
    const served = callers
      .map((caller) => declare(caller.id, id))
      .find((declared) => declared?.verdict === 'served')
    const policy = served?.by[0]?.replace('AuthorizationPolicy/', '') ?? ''
    const row = rows.find(([, what = '', policies = '']) => {
      return what.includes(path) && what.includes(method) && policies.includes(`\`${policy}\``)
    })
    expect(row).toBeDefined()
  })
})

describe('what shows a promise', () => {
  const rows = readTable('promise')
  test.each(rows)('%s', (_, shownBy = '') => {
    const names = [...shownBy.matchAll(/`([^`]+\.ts)`/g)].map(([, name = '']) => name)
    expect(names).not.toEqual([])
    const folder = dirname(names[0] ?? '')
    for (const name of names) {
      const places = [name, join(folder, name)]
      expect(places.filter((place) => existsSync(join(root, place)))).not.toEqual([])
    }
  })
})

test('every target that it names is one of the Makefile', () => {
  const makefile = readFileSync(join(root, 'Makefile'), 'utf8')
  const named = [...readme.matchAll(/`?make ([a-z][a-z-]*)/g)].map(([, target]) => target)
  expect(named.length).toBeGreaterThan(5)
  for (const target of named) expect(makefile).toMatch(new RegExp(`^${target}:`, 'm'))
})

test('it is no longer than can be read at once', () => {
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(150)
})
