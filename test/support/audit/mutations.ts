// Random changes to the lines and to the bytes of audit logs.

export type Random = (below: number) => number
/** Returns the changed lines. */
export type LineMutation = (lines: readonly string[], random: Random) => string[]

/** A sequence that the seed determines: mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) % below
  }
}

/** A line that has lines before and after it. The ends are cut in other tests. */
const inside = (lines: readonly string[], random: Random) => 1 + random(lines.length - 2)
const replace = (lines: readonly string[], at: number, ...by: string[]) =>
  lines.toSpliced(at, 1, ...by)

function changeValue(value: unknown, random: Random): unknown {
  if (typeof value === 'number') return value + 1 + random(3)
  if (typeof value !== 'string') return [...(value as unknown[])].slice(1)
  const at = random(value.length || 1)
  return `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`
}

/** Changes that every form shows. */
export const changes: Readonly<Record<string, LineMutation>> = {
  'a field is edited': (lines, random) => {
    const at = random(lines.length)
    const fields = Object.entries(JSON.parse(lines[at] ?? ''))
    const chosen = random(fields.length)
    const edited = fields.map(([name, value], index) => {
      return [name, index === chosen ? changeValue(value, random) : value]
    })
    return replace(lines, at, JSON.stringify(Object.fromEntries(edited)))
  },
  'a field is removed': (lines, random) => {
    const at = random(lines.length)
    const fields = Object.entries(JSON.parse(lines[at] ?? ''))
    return replace(
      lines,
      at,
      JSON.stringify(Object.fromEntries(fields.toSpliced(random(fields.length), 1))),
    )
  },
  'lines are deleted': (lines, random) => {
    const at = inside(lines, random)
    return lines.toSpliced(at, 1 + random(lines.length - at - 1))
  },
  'two lines are swapped': (lines, random) => {
    const [one, two] = [random(lines.length), random(lines.length - 1)]
    const other = two >= one ? two + 1 : two
    return lines.map(
      (line, at) => (at === one ? lines[other] : at === other ? lines[one] : line) ?? '',
    )
  },
  'a record is forged': (lines, random) => {
    const forged = { ...JSON.parse(lines[random(lines.length)] ?? ''), request_id: 'forged' }
    return lines.toSpliced(random(lines.length), 0, JSON.stringify(forged))
  },
}

/** Changes to the text of a record. A log shipper that parses it writes the same after them. */
export const rewrites: Readonly<Record<string, LineMutation>> = {
  'a field is added': (lines, random) => {
    const at = random(lines.length)
    return replace(lines, at, `${lines[at]?.slice(0, -1)},"note":"x"}`)
  },
  'white space is added': (lines, random) => {
    const at = random(lines.length)
    return replace(lines, at, lines[at]?.replace(',', ', ') ?? '')
  },
  'a key is doubled': (lines, random) => {
    const at = random(lines.length)
    return replace(lines, at, lines[at]?.replace('"event"', '"outcome":"verified","event"') ?? '')
  },
  'two fields are swapped': (lines, random) => {
    const at = random(lines.length)
    const [first = [], second = [], ...rest] = Object.entries(JSON.parse(lines[at] ?? ''))
    return replace(lines, at, JSON.stringify(Object.fromEntries([second, first, ...rest])))
  },
}

/** Replaces, removes or inserts a byte. */
export function changeByte(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length)
  const byte = Buffer.from([random(256)])
  const kind = random(3)
  const end = kind === 2 ? at : at + 1
  return Buffer.concat([bytes.subarray(0, at), ...(kind === 1 ? [] : [byte]), bytes.subarray(end)])
}
