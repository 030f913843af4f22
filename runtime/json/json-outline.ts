// Two checks that JSON.parse does not offer: how many values a text has, and whether a field name is duplicated.

/** `strings` includes field names. `parts` counts the commas and opening brackets outside of strings. */
export type JsonOutline = { strings: number; parts: number }

/**
 * Counts the parts of `json` and stops after `mostParts`. The text need not be valid. JSON.parse would build hundreds of
 * megabytes from four million brackets. Counting builds nothing.
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

/** True for `,` `[` and `{`. */
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
 * True if an object has a field name twice. JSON.parse keeps the last one without an error. RFC 8259 section 4 lets
 * another parser keep the first one, so it would see another message than the signed one.
 */
export function hasDuplicateNames({ strings }: JsonOutline, parsed: unknown): boolean {
  return strings > countStrings(parsed)
}

/** Keeps a list of its own, because a call for each level would exceed the stack. */
function countStrings(root: unknown): number {
  let strings = 0
  const objects: object[] = [[root]]
  // The list grows on the way.
  for (const object of objects) {
    const parts: unknown[] = Object.values(object)
    if (!Array.isArray(object)) strings += parts.length
    for (const part of parts) {
      if (typeof part === 'string') strings += 1
      else if (typeof part === 'object' && part !== null) objects.push(part)
    }
  }
  return strings
}
