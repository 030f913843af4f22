// A body must not hold a second timestamp between dots, because the libraries of receivers check no id.
import { expect, test } from 'vitest'
import { requireUnambiguous } from '../../../signer/webhook.ts'

const now = 1_764_445_000

function isRefused(body: string, at = now): boolean {
  const refused = [body, Buffer.from(body)].map((each) => {
    try {
      requireUnambiguous(each, at)
      return false
    } catch {
      return true
    }
  })
  // Text and bytes are judged alike.
  expect(new Set(refused).size).toBe(1)
  return refused[0] === true
}

test.each([
  '1900000000.z',
  'y.1900000000.z',
  'y.1764445000.z',
  'y.1764444701.z',
  'y.01900000000.z',
  `y.${'0'.repeat(500)}1900000000.z`,
  'y.+1900000000.z',
  'y. 1900000000 .z',
  'y.\n1900000000.z',
  'y.1_900_000_000.z',
  'y.19e8.z',
  'y.1900000000E0.z',
  'y.19000000000e-1.z',
  'y.1.9e9.z',
  'y.190000000.0e1.z',
  'y..19e10.z',
  'y.0x713fb300.z',
  'y.0X713FB300.z',
  'y.0b1110001001111111011001100000000.z',
  'y.1900000000abc.z',
  'y.9999999999.z',
  'y.253402300799.z',
  '{"a":0.1900000001,"b":0.5}',
  'a.1900000000.',
  'a.b.c.1900000000.d',
  '..1900000000..',
  'a.1.1900000000.1',
  '0d1900000000.z',
  'y.+0D1900000000.z',
  'y.17960714e0_2.z',
  '\u00a01900000000.z',
  'y.\u20031900000000.z',
  'y.1900000000\u2003.z',
  '{"a":0.4E9,"b":0.5}',
  'v1.2..2E9.0.',
  '192.168.17960805810e-1.x',
])('refuses %s', (body) => {
  expect(isRefused(body)).toBe(true)
})

test.each([
  '',
  '.'.repeat(1_000),
  '1.2.3',
  '{"version":"1.2.3"}',
  '192.168.100.200',
  '{"price":19.99,"other":1900000000.50}',
  'y.1900000000',
  'y.1.9e9',
  '{"at":1900000000}',
  'y.1600000000.z',
  'urn.1234567890123456789.x',
  '{"lat":52.520006599988,"lon":13.404953}',
  '{"a":0.30000000000000004,"b":0.1}',
  'a.1764445000123.b',
  'a.253402300800.b',
  'a.x1900000000.b',
  'a.-1900000000.b',
  'a.1e999.b',
])('lets pass %s', (body) => {
  expect(isRefused(body)).toBe(false)
})

test('lets a time pass once no receiver takes it any more', () => {
  expect(isRefused('y.1764445000.z', now + 599)).toBe(true)
  expect(isRefused('y.1764445000.z', now + 601)).toBe(false)
})

// A pattern whose time grows with the square of the text would exceed the limit of the test many times.
test.each(['9', '.', '. ', '1_', '.9', '.1e', '.1e9', '. +', '.0x', '.1900000000', 'e', '.9.9e'])(
  'judges 4 MiB of %s',
  (unit) => {
    isRefused(unit.repeat((4 * 1024 * 1024) / unit.length))
  },
)
