// W3C Trace Context: what is read of a caller's headers, and what is passed on. Whatever they hold, only hex reaches a log line.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readTraceContext } from '../../../runtime/http/trace-context.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const parentId = '00f067aa0ba902b7'
const traceparent = `00-${traceId}-${parentId}-01`

describe('a traceparent', () => {
  test.each(['00', '01', 'ff', '02'])('is read and passed on as it is, flags %s', (flags) => {
    const value = `00-${traceId}-${parentId}-${flags}`
    expect(readTraceContext(value, undefined)).toEqual({ traceId, headers: { traceparent: value } })
  })

  test.each([
    ['with more at its end', `cc-${traceId}-${parentId}-01-what-the-future-will-be-like`, '01'],
    ['with nothing more', `01-${traceId}-${parentId}-00`, '00'],
    ['with flags that we do not know', `fe-${traceId}-${parentId}-ff`, '01'],
  ])('of a later version has what this one knows: %s', (_, value, flags) => {
    const headers = { traceparent: `00-${traceId}-${parentId}-${flags}` }
    expect(readTraceContext(value, undefined)).toEqual({ traceId, headers })
  })

  test.each([
    ['is not there', undefined],
    ['is empty', ''],
    ['has capitals', traceparent.toUpperCase()],
    ['has one capital in the trace id', traceparent.replace('f', 'F')],
    ['has a trace id of zeros', `00-${'0'.repeat(32)}-${parentId}-01`],
    ['has a parent id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['is of the forbidden version', traceparent.replace(/^00/, 'ff')],
    ['has a version of one digit', traceparent.slice(1)],
    ['has more than version 00 has', `${traceparent}-00`],
    ['ends in a dash', `${traceparent}-`],
    ['is too short', traceparent.slice(0, -1)],
    ['has more flags', `${traceparent}1`],
    ['is of a later version, with more flags', `01-${traceId}-${parentId}-011`],
    ['has blanks around it', ` ${traceparent} `],
    ['is there twice', `${traceparent}, ${traceparent}`],
    ['has other letters than hex', traceparent.replace('4', 'g')],
    ['ends in a line break', `${traceparent}\n`],
    ['is of a later version, with a line break', `01-${traceId}-${parentId}-01-\n`],
    ['has 5,000 digits', `00-${'a'.repeat(5_000)}-${parentId}-01`],
  ])('that %s is as if absent, and tracestate with it', (_, value) => {
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
  ])('is passed on as it is: %s', (tracestate) => {
    expect(readTraceContext(traceparent, tracestate)?.headers).toEqual({ traceparent, tracestate })
  })

  test.each([
    ['is not there', undefined],
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
    ['has a blank before its equals sign', 'a =b'],
    ['is no ASCII', 'a=é'],
    ['has a line break', 'a=b\r\nx: y'],
    ['has a control character', 'a=b\x7f'],
  ])('that %s is left out, and the trace goes on', (_, tracestate) => {
    const expected = { traceId, headers: { traceparent } }
    expect(readTraceContext(traceparent, tracestate)).toEqual(expected)
  })
})

describe('whatever comes', () => {
  const hex = (length: number) =>
    fc.string({
      unit: fc.constantFrom(...'0123456789abcdef'),
      minLength: length,
      maxLength: length,
    })
  /** Near what is valid, so that not everything is refused at its first character. */
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

  test('only hex is logged, and what is passed on is bounded and printable', () => {
    const property = fc.property(anything, anything, (parent, state) => {
      const read = readTraceContext(parent, state)
      if (read === undefined) return
      expect(read.traceId).toMatch(/^[0-9a-f]{32}$/)
      expect(read.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
      expect(read.headers.tracestate ?? '').toMatch(/^[\t -~]{0,512}$/)
    })
    fc.assert(property, { numRuns: 2_000 })
  })

  test('what is passed on is read the same again', () => {
    const member = fc.tuple(hex(3), hex(4)).map(([key, value]) => `${key}=${value}`)
    const state = fc.array(member, { maxLength: 40 }).map((members) => members.join(','))
    const property = fc.property(nearly, fc.oneof(state, anything), (parent, tracestate) => {
      const once = readTraceContext(parent, tracestate)
      expect(readTraceContext(once?.headers.traceparent, once?.headers.tracestate)).toEqual(once)
    })
    fc.assert(property, { numRuns: 2_000 })
  })
})
