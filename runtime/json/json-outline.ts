// What JSON.parse can't be asked: how much it will build before it builds it, and whether it has dropped something.

/** Strings, names of fields included; and values, as far as a comma or a bracket begins one. */
export type JsonOutline = { strings: number; parts: number }

/**
 * Counts what is in `json`, which need not be valid, and stops over `mostParts`. Four million brackets make objects of
 * hundreds of megabytes; to count them makes none.
 */
export function outlineJson(json: string, mostParts: number): JsonOutline {
  let [strings, parts, at] = [0, 0, 0]
  for (;;) {
    const opening = json.indexOf('"', at)
    const end = opening < 0 ? json.length : opening
    for (; at < end && parts <= mostParts; at++) if (beginsPart(json.charCodeAt(at))) parts += 1
    if (opening < 0 || parts > mostParts) return { strings, parts }
    const closing = findClosingQuote(json, opening)
    if (closing < 0) return { strings, parts }
    strings += 1
    at = closing + 1
  }
}

/** `,` `[` `{` */
function beginsPart(code: number): boolean {
  return code === 0x2c || code === 0x5b || code === 0x7b
}

function findClosingQuote(json: string, opening: number): number {
  let at = json.indexOf('"', opening + 1)
  while (at >= 0 && isEscaped(json, at)) at = json.indexOf('"', at + 1)
  return at
}

function isEscaped(json: string, at: number): boolean {
  let backslashes = 0
  while (json[at - 1 - backslashes] === '\\') backslashes += 1
  return backslashes % 2 === 1
}

/**
 * Whether an object had a name twice. JSON.parse keeps the last and says nothing; another reader of the same body, which
 * RFC 8259 section 4 leaves free to keep the first, would see another message than the one that was signed.
 */
export function hasDuplicateNames({ strings }: JsonOutline, parsed: unknown): boolean {
  return strings > countStrings(parsed)
}

function countStrings(value: unknown): number {
  if (typeof value === 'string') return 1
  if (typeof value !== 'object' || value === null) return 0
  const parts: unknown[] = Object.values(value)
  const names = Array.isArray(value) ? 0 : parts.length
  return parts.reduce<number>((sum, part) => sum + countStrings(part), names)
}
