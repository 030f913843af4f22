// Random bodies of webhooks: hostile ones, which hide a time behind dots, and ordinary ones.
import fc from 'fast-check'

export type Body = { text: string; encoding?: 'base64' }

const space = fc.constantFrom('', '', '', ' ', '\t', '\n', '\r\n', '\v', '\f')
const filler = fc.oneof(
  fc.constantFrom('', 'y', '{"a":', '"', '0', '1', '-', '10', '192.168', 'v1.2', ',', '}', ' '),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
)

/** Writes a number in some way. Not every receiver reads each. */
const spellings: readonly ((time: number) => string)[] = [
  (time) => `+${time}`,
  (time) => `-${time}`,
  (time) => `0${time}`,
  (time) => `000000000000000${time}`,
  (time) => `${time}abc`,
  (time) => `${time},5`,
  (time) => `${time}_`,
  (time) => String(time).replace(/(?=(\d{3})+$)(?<=\d)/g, '_'),
  (time) => String(time).split('').join('_'),
  (time) => `${time}.5`,
  (time) => `${time}.`,
  (time) => time.toExponential(),
  (time) => time.toExponential().replace('e+', 'E'),
  (time) => `${time}e0`,
  (time) => `${time}0e-1`,
  (time) => `0.${time}e${String(time).length}`,
  (time) => `.${time}e${String(time).length}`,
  (time) => `0x${time.toString(16)}`,
  (time) => `0X${time.toString(16).toUpperCase()}`,
  (time) => `0o${time.toString(8)}`,
  (time) => `0b${time.toString(2)}`,
  (time) => String(time).replace(/\d/g, (each) => String.fromCharCode(0x660 + Number(each))),
  (time) => String(time).replace(/\d/g, (each) => String.fromCharCode(0xff10 + Number(each))),
]

/**
 * Bodies of parts between dots. One of the parts or several are times after `now`, in seconds, and many of them before `soon`.
 */
export function hostileBody(now: number, soon = now + 100_000): fc.Arbitrary<Body> {
  const time = fc.oneof(
    { weight: 2, arbitrary: fc.integer({ min: now + 301, max: soon }) },
    fc.integer({ min: now + 301, max: Date.UTC(2100, 0, 1) / 1_000 - 1 }),
    fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2_000_000_000, 4_000_000_000),
  )
  const spelled = fc
    .tuple(time, fc.constantFrom(...spellings), space, space)
    .map(([seconds, spell, before, after]) => `${before}${spell(seconds)}${after}`)
  const number = fc.oneof(
    { weight: 1, arbitrary: time.map(String) },
    { weight: 2, arbitrary: spelled },
  )
  const parts = fc.array(fc.oneof({ weight: 2, arbitrary: filler }, number), {
    minLength: 1,
    maxLength: 6,
  })
  const text = fc
    .tuple(parts, number, fc.nat(6), fc.boolean())
    .map(([list, hidden, at, isJson]) => {
      const body = list.toSpliced(at, 0, hidden).join('.')
      return isJson ? JSON.stringify({ a: body, b: 0.5 }) : body
    })
  const bytes = fc
    .tuple(fc.uint8Array({ maxLength: 4 }), text)
    .map(([head, tail]) => Buffer.concat([head, Buffer.from(tail)]).toString('base64'))
  return fc.oneof(
    { weight: 4, arbitrary: text.map((each) => ({ text: each })) },
    { weight: 1, arbitrary: bytes.map((each) => ({ text: each, encoding: 'base64' as const })) },
  )
}

export function decodeBody({ text, encoding }: Body): Buffer {
  return Buffer.from(text, encoding ?? 'utf8')
}

const digits = (length: number) =>
  fc.array(fc.nat(9), { minLength: length, maxLength: length }).map((list) => list.join(''))
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const small = fc.nat(999)
const moment = fc.date({
  min: new Date('2020-01-01'),
  max: new Date('2035-01-01'),
  noInvalidDate: true,
})
const join = (separator: string, ...parts: fc.Arbitrary<unknown>[]) =>
  fc.tuple(...parts).map((list) => list.join(separator))

/** Values of events, as senders write them into JSON. */
const ordinaryValues = {
  version: join('.', small, small, small),
  address: join('.', fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)),
  price: fc.nat(10_000_000).map((cents) => cents / 100),
  amount: join('.', small, digits(8)),
  wei: join('.', small, digits(18)),
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  random: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  rounded: fc.double({ min: 0, max: 1_000, noNaN: true }).map((value) => Number(value.toFixed(6))),
  seconds: moment.map((date) => Math.floor(date.getTime() / 1_000)),
  fractional: moment.map((date) => date.getTime() / 1_000),
  milliseconds: moment.map((date) => date.getTime()),
  iso: moment.map((date) => date.toISOString()),
  microseconds: join(
    '',
    moment.map((date) => date.toISOString().slice(0, 20)),
    digits(6),
    fc.constant('+00:00'),
  ),
  nanoseconds: join(
    '',
    moment.map((date) => date.toISOString().slice(0, 20)),
    digits(9),
    fc.constant('Z'),
  ),
  slack: join(
    '.',
    moment.map((date) => Math.floor(date.getTime() / 1_000)),
    digits(6),
  ),
  uuid: fc.uuid(),
  hash: hex(64),
  domain: fc.domain(),
  email: fc.emailAddress(),
  url: fc.webUrl({ withQueryParameters: true }),
  text: fc.lorem({ mode: 'sentences', maxCount: 3 }),
  token: join(
    '.',
    ...[24, 90, 43].map((length) =>
      hex(length).map((text) => `eyJ${Buffer.from(text).toString('base64url')}`),
    ),
  ),
  number: fc.integer(),
  phone: join('.', digits(3), digits(3), digits(4)),
  oid: join('.', fc.constant('1.3.6.1.4.1.311.21.8'), ...[7, 7, 7, 8].map(digits)),
  file: join(
    '.',
    fc.constantFrom('report', 'invoice-17', 'main'),
    fc.constantFrom('pdf', 'tar.gz', '2026-11-29.csv'),
  ),
}
export type OrdinaryKind = keyof typeof ordinaryValues

/** An event in JSON with random values. */
export const ordinaryBody: fc.Arbitrary<Body> = fc
  .array(
    fc
      .constantFrom(...(Object.keys(ordinaryValues) as OrdinaryKind[]))
      .chain((kind) =>
        (ordinaryValues[kind] as fc.Arbitrary<unknown>).map((value) => [kind, value] as const),
      ),
    { minLength: 1, maxLength: 12 },
  )
  .map((fields) => ({
    text: JSON.stringify({
      type: 'order.created',
      data: fields.map(([kind, value]) => ({ [kind]: value })),
    }),
  }))
