// W3C Trace Context: which headers of a caller are read and passed on. Only hex digits reach the log.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readTraceContext } from '../../../frontend/trace-context.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const parentId = '00f067aa0ba902b7'
const traceparent = `00-${traceId}-${parentId}-01`

describe('a traceparent', () => {
  test.each(['00', '01', 'ff', '02'])('is read and passed on unchanged, flags %s', (flags) => {
    const value = `00-${traceId}-${parentId}-${flags}`
    expect(readTraceContext(value, undefined)).toEqual({ traceId, headers: { traceparent: value } })
  })

  test.each([
    ['with more fields', `cc-${traceId}-${parentId}-01-what-the-future-will-be-like`, '01'],
    ['without more fields', `01-${traceId}-${parentId}-00`, '00'],
    ['with unknown flags', `fe-${traceId}-${parentId}-ff`, '01'],
  ])('of a later version is reduced to this version: %s', (_, value, flags) => {
    const headers = { traceparent: `00-${traceId}-${parentId}-${flags}` }
    expect(readTraceContext(value, undefined)).toEqual({ traceId, headers })
  })

  test.each([
    ['is absent', undefined],
    ['is empty', ''],
    ['has capitals', traceparent.toUpperCase()],
    ['has one capital in the trace id', traceparent.replace('f', 'F')],
    ['has a trace id of zeros', `00-${'0'.repeat(32)}-${parentId}-01`],
    ['has a parent id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['is of the forbidden version', traceparent.replace(/^00/, 'ff')],
    ['has a version of one digit', traceparent.slice(1)],
    ['has more fields than version 00', `${traceparent}-00`],
    ['ends in a dash', `${traceparent}-`],
    ['is too short', traceparent.slice(0, -1)],
    ['has more flags', `${traceparent}1`],
    ['is of a later version, with more flags', `01-${traceId}-${parentId}-011`],
    ['has spaces around it', ` ${traceparent} `],
    ['is sent twice', `${traceparent}, ${traceparent}`],
    ['has letters that are not hex', traceparent.replace('4', 'g')],
    ['ends in a line break', `${traceparent}\n`],
    ['is of a later version, with a line break', `01-${traceId}-${parentId}-01-\n`],
    ['has 5,000 digits', `00-${'a'.repeat(5_000)}-${parentId}-01`],
  ])('that %s is ignored, and tracestate too', (_, value) => {
    expect(readTraceContext(value, 'a=b')).toBeUndefined()
  })
})

describe('a tracestate', () => {
  const list = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=v`)

  test.each([
    'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    'tenant@system=1, 0a_-*/=x y ,\t, a=!"#+-./:;<>?@[~',
    'a=b,',
    list(32).join(','),
    `a=${'v'.repeat(256)}`,
    `${'k'.repeat(256)}=v`,
    `a=${'v'.repeat(253)},b=${'v'.repeat(254)}`,
  ])('is passed on unchanged: %s', (tracestate) => {
    expect(readTraceContext(traceparent, tracestate)?.headers).toEqual({ traceparent, tracestate })
  })

  test.each([
    ['is absent', undefined],
    ['is empty', ' ,\t'],
    ['has 33 members', list(33).join(',')],
    ['has 513 characters', `a=${'v'.repeat(254)},b=${'v'.repeat(254)}`],
    ['has a value of 257 characters', `a=${'v'.repeat(257)}`],
    ['has a key of 257 characters', `${'k'.repeat(257)}=v`],
    ['has 5,000 characters', `a=${'v'.repeat(5_000)}`],
    ['has a key twice', 'a=b,c=d,a=e'],
    ['has no value', 'a='],
    ['has no key', '=b'],
    ['has two equals signs', 'a=b=c'],
    ['has a capital in a key', 'A=b'],
    ['has a space before its equals sign', 'a =b'],
    ['is not ASCII', 'a=é'],
    ['has a line break', 'a=b\r\nx: y'],
    ['has a control character', 'a=b\x7f'],
  ])('that %s is dropped, and the trace continues', (_, tracestate) => {
    const expected = { traceId, headers: { traceparent } }
    expect(readTraceContext(traceparent, tracestate)).toEqual(expected)
  })
})

describe('any headers', () => {
  const hex = (length: number) =>
    fc.string({
      unit: fc.constantFrom(...'0123456789abcdef'),
      minLength: length,
      maxLength: length,
    })
  /** Almost valid, so that the first character does not decide every case. */
  const nearly = fc
    .tuple(
      fc.oneof(fc.constant('00'), hex(2)),
      hex(32),
      hex(16),
      hex(2),
      fc.string({ maxLength: 9 }),
    )
    .map(([version, trace, parent, flags, more]) => `${version}-${trace}-${parent}-${flags}${more}`)
  const anything = fc.oneof(fc.string({ unit: 'binary', maxLength: 6_000 }), nearly)

  test('give a hex trace id, and short printable headers', () => {
    const property = fc.property(anything, anything, (parent, state) => {
      const read = readTraceContext(parent, state)
      if (read === undefined) return
      expect(read.traceId).toMatch(/^[0-9a-f]{32}$/)
      expect(read.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
      expect(read.headers.tracestate ?? '').toMatch(/^[\t -~]{0,512}$/)
    })
    fc.assert(property, { numRuns: 2_000 })
  })

  test('give headers that are read again with the same result', () => {
    const member = fc.tuple(hex(3), hex(4)).map(([key, value]) => `${key}=${value}`)
    const state = fc.array(member, { maxLength: 40 }).map((members) => members.join(','))
    const property = fc.property(nearly, fc.oneof(state, anything), (parent, tracestate) => {
      const once = readTraceContext(parent, tracestate)
      expect(readTraceContext(once?.headers.traceparent, once?.headers.tracestate)).toEqual(once)
    })
    fc.assert(property, { numRuns: 2_000 })
  })
})
