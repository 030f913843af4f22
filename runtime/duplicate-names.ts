// JSON.parse keeps the last of two equal names in an object and says nothing. Another reader of the same body, which
// RFC 8259 section 4 leaves free to keep the first, would then see another message than the one that was signed.

/** Whether an object in `json` has a name twice. `json` must be valid, and `value` what JSON.parse made of it. */
export function hasDuplicateNames(json: string, value: unknown): boolean {
  return countStringTokens(json) > countStrings(value)
}

function countStringTokens(json: string): number {
  let count = 0
  let isInside = false
  for (let at = json.indexOf('"'); at >= 0; at = json.indexOf('"', at + 1)) {
    if (isInside && isEscaped(json, at)) continue
    if (isInside) count += 1
    isInside = !isInside
  }
  return count
}

function isEscaped(json: string, at: number): boolean {
  let backslashes = 0
  while (json[at - 1 - backslashes] === '\\') backslashes += 1
  return backslashes % 2 === 1
}

function countStrings(value: unknown): number {
  if (typeof value === 'string') return 1
  if (typeof value !== 'object' || value === null) return 0
  const parts: unknown[] = Object.values(value)
  const names = Array.isArray(value) ? 0 : parts.length
  return parts.reduce<number>((sum, part) => sum + countStrings(part), names)
}
