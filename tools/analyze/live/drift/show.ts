// Shows two values in a line: what differs, and not more than a reader can compare.

/** The text around the first difference of two texts. */
const around = 24
const shownLength = 100

export function show(...values: readonly [unknown, unknown]): [string, string] {
  const [one, other] = values
  if (typeof one !== 'string' || typeof other !== 'string') {
    return [format(one), format(other)]
  }
  const isEqual = (index: number) => one[index] === other[index] && index < one.length
  let start = 0
  while (isEqual(start)) start += 1
  const from = start <= around ? 0 : start - around
  const cutAt = (text: string) => cut(JSON.stringify(`${from > 0 ? '…' : ''}${text.slice(from)}`))
  return [cutAt(one), cutAt(other)]
}

function format(value: unknown): string {
  return value === undefined ? 'nothing' : cut(JSON.stringify(value))
}

function cut(text: string): string {
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text
}
