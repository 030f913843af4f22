// The generated pages are up to date and complete.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { formatErrors } from '../../../tools/reference/errors-table.ts'
import { formatFields } from '../../../tools/reference/fields.ts'
import { makePages } from '../../../tools/reference/pages.ts'
import { listRules, listSettings } from '../../../tools/reference/settings.ts'

const read = (file: string) => readFileSync(join(CHECKOUT, file), 'utf8')

test.each(await makePages())('$file is up to date: make docs', ({ file, text }) => {
  expect(read(file)).toBe(text)
})

test('every error code has the service that sends it', () => {
  for (const row of formatErrors().split('\n').slice(2)) {
    expect(row).toMatch(/^\| \d{3} \| `\w+` \| (both|frontend|signer) \| \S.* \|$/)
  }
})

describe('a setting', () => {
  const number = z.string().check(z.regex(/^\d$/, 'must be a digit'))

  test('has the values of its schema', () => {
    const schema = z.object({
      A: z._default(number, '7'),
      B: z.optional(number),
      C: number,
    })
    expect(listSettings(schema, { A: 'a', B: 'b', C: 'c' })).toEqual([
      { name: 'A', allowed: 'a digit', fallback: '7', meaning: 'a' },
      { name: 'B', allowed: 'a digit', fallback: '–', meaning: 'b' },
      { name: 'C', allowed: 'a digit', fallback: undefined, meaning: 'c' },
    ])
  })

  test.each([
    ['has a meaning', z.object({ A: number }), {}],
    ['does not accept every text', z.object({ A: z.string() }), { A: 'a' }],
  ])('%s', (_, schema, meanings) => {
    expect(() => listSettings(schema, meanings)).toThrow('A is not described')
  })

  test('has the rules that connect it with another', () => {
    const schema = z
      .object({ A: number, B: number })
      .check(z.refine(({ A, B }) => A === B, { path: ['B'], error: 'must be A' }))
    expect(listRules(schema, { A: '1', B: '2' })).toEqual(['B must be A'])
    expect(listRules(schema, { A: '1', B: '1' })).toEqual([])
  })
})

test('an optional field has its default', () => {
  const schema = {
    required: ['a'],
    properties: { a: { type: 'string', pattern: 'x|y' }, b: { enum: ['u', 'v'], default: 'u' } },
  }
  expect(formatFields('request', schema).split('\n').slice(2)).toEqual([
    '| `a` | string like `x\\|y` | yes |  |',
    '| `b` | `"u"` or `"v"` | default `"u"` |  |',
  ])
})
