// Placeholders in components, which the user has to fill in.
import { expect, test } from 'vitest'
import {
  checkPlaceholders,
  findPlaceholders,
} from '../../../tools/deploy/preflight/placeholders.ts'

test('finds a placeholder at any depth, also within a longer text', () => {
  const resource = { spec: { list: [{ a: 'x' }, { b: 'https://FILL_IN_NAME.example' }], n: 1 } }
  expect(findPlaceholders(resource)).toEqual([
    { name: 'FILL_IN_NAME', path: ['spec', 'list', 1, 'b'] },
  ])
  expect(findPlaceholders({ spec: null, other: 'fill in' })).toEqual([])
})

test('the error names each placeholder once', () => {
  const left = [{ spec: { a: 'FILL_IN_A/FILL_IN_B', b: ['FILL_IN_B'] } }, { a: 'FILL_IN_A' }]
  expect(() => checkPlaceholders(left)).toThrow('not filled in: FILL_IN_A, FILL_IN_B')
  expect(() => checkPlaceholders([{ a: 'x' }])).not.toThrow()
})
