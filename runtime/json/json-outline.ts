// Two checks that JSON.parse does not offer: how many values a text has, and whether a field name is duplicated.

const [QUOTE, COMMA, OPENING_BRACKET, OPENING_BRACE] = [0x22, 0x2c, 0x5b, 0x7b]

/**
 * Counts the strings of `json`, field names included, and its parts: commas and opening brackets outside of strings. Stops after
 * `mostParts`. The text need not be valid. JSON.parse would build hundreds of megabytes from four million brackets. Counting builds
 * nothing.
 */
export function outlineJson(json: string, mostParts: number) {
  let [strings, parts] = [0, 0]
  for (let at = 0; at < json.length && parts <= mostParts; at++) {
    const code = json.charCodeAt(at)
    if (code === COMMA || code === OPENING_BRACKET || code === OPENING_BRACE) parts += 1
    if (code !== QUOTE) continue
    at = findClosingQuote(json, at)
    if (at < 0) break
    strings += 1
  }
  return { strings, parts }
}

function findClosingQuote(json: string, opening: number): number {
  for (let at = json.indexOf('"', opening + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let backslashes = 0
    while (json[at - 1 - backslashes] === '\\') backslashes += 1
    if (backslashes % 2 === 0) return at
  }
  return -1
}

/**
 * True if an object has a field name twice. JSON.parse keeps the last one without an error. RFC 8259 section 4 lets
 * another parser keep the first one, so it would see another message than the signed one.
 */
export function hasDuplicateNames({ strings }: { strings: number }, parsed: unknown): boolean {
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
